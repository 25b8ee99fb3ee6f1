extension String {
    /// The text with each occurrence of `mark` replaced, byte for byte.
    ///
    /// `replacing` compares characters: it passes over a mark that stands before a combining one, with which it is one
    /// character. Whoever reads what is written here, a shell or a parser of YAML, sees the mark.
    package func replacingExactly(_ mark: String, with text: String) -> String {
        String(decoding: Array(utf8).replacing(Array(mark.utf8), with: Array(text.utf8)), as: UTF8.self)
    }
}
