"""GraphQL nouns, a file a noun: types and inputs together. Names and nullability are the contract's."""
