"""The page where a visitor says whether the call helped; the request's own page shows the question
too.
"""

from django.http import HttpResponse

from leads import feedback
from leads.acts import Act
from leads.asked import Asked, Posted, act_page


@act_page(Act.FEEDBACK)
def answer(asked: Asked, posted: Posted) -> HttpResponse:
    """Asks the question and stores the answer, which can be changed for a while
    (feedback.CHANGEABLE).
    """
    known = feedback.given(asked.lead)
    if not asked.is_post:
        return asked.page("leads/act_feedback.html", question=feedback.form_for(known))
    form = feedback.form_for(known, posted)
    if not form.is_valid():
        return asked.page("leads/act_feedback.html", 422, question=form)
    feedback.give(asked.lead, form, asked.now)
    return asked.back()
