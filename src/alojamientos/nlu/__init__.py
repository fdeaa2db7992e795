"""Spanish as guests write it, understood without a model: pure functions of text and context."""
