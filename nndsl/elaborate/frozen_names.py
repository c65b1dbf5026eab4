"""The names that no layer's attribute may have: part of scheme 1 of the keys of weights, and never changed within it.

A layer that would have one of them gets an underscore behind it: ``half_``.
"""

from __future__ import annotations

_PYTHON = """
    False None True and as assert async await break class continue def del elif else except finally for from global if
    import in is lambda nonlocal not or pass raise return try while with yield
"""
PYTHON = frozenset(_PYTHON.split())
"""The keywords of Python."""

_NN_MODULE = """
    T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches eval
    extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict modules
    mtia named_buffers named_children named_modules named_parameters parameters register_backward_hook register_buffer
    register_forward_hook register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook
    register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module register_parameter
    register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule
    share_memory state_dict to to_empty train training type xpu zero_grad

    _apply _backward_hooks _backward_pre_hooks _buffers _call_impl _compiled_call_impl _forward_hooks
    _forward_hooks_always_called _forward_hooks_with_kwargs _forward_pre_hooks _forward_pre_hooks_with_kwargs
    _get_backward_hooks _get_backward_pre_hooks _get_name _is_full_backward_hook _load_from_state_dict
    _load_state_dict_post_hooks _load_state_dict_pre_hooks _maybe_warn_non_full_backward_hook _modules _named_members
    _non_persistent_buffers_set _parameters _register_load_state_dict_pre_hook _register_state_dict_hook
    _replicate_for_data_parallel _save_to_state_dict _slow_forward _state_dict_hooks _state_dict_pre_hooks _version
    _wrapped_call_impl
"""
NN_MODULE = frozenset(_NN_MODULE.split())
"""The attributes of ``torch.nn.Module`` (2.6 to 2.13), apart from those between double underscores."""

OURS = frozenset({"constrain", "forward", "forward_with_extras", "regularization_loss", "reset_parameters"})
"""The methods of the modules that are emitted."""

FROZEN = PYTHON | NN_MODULE | OURS
