"""How many fields a form may have: many in the admin, few where strangers send forms."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from leads import request_body


class FewFieldsMiddleware:
    """Refuses a form of more than `request_body.MOST_FIELDS`, unless staff send it in the admin.

    Django's own limit (DATA_UPLOAD_MAX_NUMBER_FIELDS) fits the admin's largest form, and limits the
    cost of reading a form here. Views without CSRF protection read their forms themselves and call
    `request_body` too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Passes the request on."""
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, _args: object, _kwargs: object
    ) -> None:
        """Reads the form, which the CSRF check is about to do anyway. Raises TooManyFields."""
        if request.method != "POST" or getattr(view, "csrf_exempt", False):
            return
        is_admin = request.path_info.startswith("/admin/") and request.user.is_staff
        if not is_admin and request_body.has_too_many_fields(request.POST):
            raise request_body.TooManyFields
