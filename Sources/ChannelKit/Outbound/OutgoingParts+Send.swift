package import Core

extension OutgoingParts {
    /// The longest that one call sends parts; what is left goes on with the next attempt, before the delivery's own
    /// deadline makes the outcome unknown.
    private static let patience: Duration = .seconds(30)

    /// Hands the parts to the platform in order, from the first that it has not.
    ///
    /// `hand` sends one part and answers with the platform's id of it. A part whose formatting is refused is handed over
    /// once more as plain text, and one whose place is gone as a new message. Throws with ``ChannelError/partsDone`` raised to what the platform has.
    package func send(
        from done: Int,
        time: any TimeSource,
        _ hand: (Part) async throws(PartFailure) -> String?
    ) async throws(ChannelError) -> SentMessage {
        let began = time.monotonic
        var first = done > 0 ? place : nil
        var last = first
        for part in parts.dropFirst(done) {
            if part.index > done, time.monotonic - began > Self.patience {
                throw ChannelError(
                    .rateLimited(retryAfter: .seconds(1)),
                    "\(part.index) of \(parts.count) parts are sent, the rest follows",
                    partsDone: part.index
                )
            }
            let id: String?
            do {
                id = try await handReadable(part, hand)
            } catch {
                guard error.code == .rejected, let anew = part.anew else { throw error }
                id = try await handReadable(anew, hand)
            }
            if part.index == 0 { first = id }
            last = id
        }
        return SentMessage(platformMessageID: first, lastMessageID: last, parts: parts.count)
    }

    private func handReadable(
        _ part: Part,
        _ hand: (Part) async throws(PartFailure) -> String?
    ) async throws(ChannelError) -> String? {
        do {
            return try await hand(part)
        } catch {
            switch error {
            case .formatting(let reason): return try await handPlain(part, reason, hand)
            case .failed(let error): throw error.after(part.index)
            }
        }
    }

    private func handPlain(
        _ part: Part,
        _ reason: String,
        _ hand: (Part) async throws(PartFailure) -> String?
    ) async throws(ChannelError) -> String? {
        var plain = part
        switch part.content {
        case .text(let text) where !text.isPlain: plain.content = .text(text.plain)
        case .edit(let id, let text) where !text.isPlain: plain.content = .edit(platformMessageID: id, text.plain)
        default: throw ChannelError(.rejected, reason, partsDone: part.index)
        }
        do {
            return try await hand(plain)
        } catch {
            switch error {
            case .formatting(let reason): throw ChannelError(.rejected, reason, partsDone: part.index)
            case .failed(let error): throw error.after(part.index)
            }
        }
    }
}

extension ChannelError {
    /// The same error of a message of which the platform has this many parts.
    fileprivate func after(_ parts: Int) -> ChannelError { ChannelError(code, message, partsDone: parts, cause: cause) }
}
