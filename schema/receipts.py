"""What a receipt's verification found."""

import strawberry

from domain import verifications


@strawberry.type(description="A receipt counted again from the record, and held against what was sealed.")
class Verification:
    valid: bool = strawberry.field(description="Nothing differs.")
    computed: str = strawberry.field(description="The hash of the receipt as the record gives it now.")
    stored: str | None = strawberry.field(description="The hash that was sealed; null before that.")
    mismatches: list[str] = strawberry.field(description="What differs, in words.")

    @classmethod
    def from_domain(cls, found: verifications.Verification) -> "Verification":
        return cls(valid=found.valid, computed=found.computed, stored=found.stored, mismatches=list(found.mismatches))
