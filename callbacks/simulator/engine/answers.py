"""Click2Call answers as the vendor prints them (page, section 1.6). Pure."""

import json
from dataclasses import dataclass
from xml.sax.saxutils import escape

XML_TYPE = "text/xml; charset=utf-8"
JSON_TYPE = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Click2CallAnswer:
    """ERRORCODE, ERRORMESSAGE and CALLID; `call_id` is empty on failure."""

    code: int
    message: str
    call_id: str = ""

    def render(self, as_json: bool) -> tuple[bytes, str]:
        """The body and its content type."""
        if as_json:
            return self._json(), JSON_TYPE
        return self._xml(), XML_TYPE

    def _json(self) -> bytes:
        return json.dumps(
            {"ERRORCODE": self.code, "ERRORMESSAGE": self.message, "CALLID": self.call_id}
        ).encode()

    def _xml(self) -> bytes:
        # The code is a <string> here and a number in JSON, as on the vendor's page.
        members = "".join(
            f"<member><name>{name}</name><value><string>{escape(value)}</string></value></member>"
            for name, value in (
                ("ERRORCODE", str(self.code)),
                ("ERRORMESSAGE", self.message),
                ("CALLID", self.call_id),
            )
        )
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n<methodResponse><params><param><value>'
            f"<struct>{members}</struct></value></param></params></methodResponse>"
        ).encode()
