"""What each hook shows, against what there is: a recommendation that no hook shows, and orders that nobody speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fhirpath_spine.authoring.profile.library import Draft


def check_hooks(draft: Draft) -> None:
    """Reports recommendations that no hook shows (SP356), and hooks of orders that show what speaks of no order (SP355)."""
    library, report = draft.library, draft.files.report
    if library is None or report.errors or draft.files.catalogue.broken:
        return
    hooks, forms = library.policy.hooks, draft.files.catalogue.forms
    ordering = [hook for hook in hooks if hook.about_orders]
    for id_, form in forms.items():
        if form.suppressed or form.unreachable:
            continue
        if not any(hook.names(id_) for hook in hooks if not hook.about_orders):
            hint = "Name it under shows: of a hook in policy.yaml."
            report.add("SP356", f"no hook shows {id_}", form.id.span, hint)
        if form.on_order and not any(hook.names(id_) for hook in ordering):
            hint = "Name it under shows: of order-select or order-sign in policy.yaml."
            report.add(
                "SP355", f"{id_} speaks of an order, and no hook of orders shows it", form.on_order[0].of[0].span, hint
            )
    for written, hook in zip(draft.shared.policy.hooks, hooks, strict=False):
        mute = sorted({id_ for one in hook.shows for id_ in one.ids if id_ in forms and not forms[id_].on_order})
        if hook.about_orders and mute:
            hint = "Add on-order: to it, or leave it out."
            report.add(
                "SP355", f"{hook.name} shows {', '.join(mute[:3])}, which speaks of no order", written.hook.span, hint
            )
