"""The intermediate representation: types, operations, programs, their text and their passes."""
