package import Core

/// A row of `messages_in` as the prompt needs it.
package struct PromptRow: Sendable {
    package let id: MessageID
    package let seq: Int64
    package var content: InboundContent
    package let sentAt: Timestamp
    package let address: ChatAddress?
    /// JSON that a task's pre-script printed as its data; nil without a script.
    package var scriptOutput: String?

    /// A row with this number and content.
    package init(
        id: MessageID,
        seq: Int64,
        content: InboundContent,
        sentAt: Timestamp,
        address: ChatAddress?,
        scriptOutput: String? = nil
    ) {
        self.id = id
        self.seq = seq
        self.content = content
        self.sentAt = sentAt
        self.address = address
        self.scriptOutput = scriptOutput
    }
}
