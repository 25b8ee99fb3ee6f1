import Core
import ModelProviders
import Synchronization

/// A model that answers by a script: each request takes the next answer, and is kept.
final class ScriptedProvider: ModelProvider {
    enum Answer: Sendable {
        case events([ModelEvent])
        case failure(ModelError)
        /// Waits for ``ScriptedProvider/release()`` and answers then.
        case held([ModelEvent])

        static func text(_ text: String) -> Self { .events([.textDelta(text), .finished(.stop)]) }

        static func call(_ name: String, _ arguments: String, saying text: String = "") -> Self {
            .events(Self.callEvents(name, arguments, saying: text))
        }

        static func heldCall(_ name: String, _ arguments: String) -> Self { .held(Self.callEvents(name, arguments)) }

        private static func callEvents(_ name: String, _ arguments: String, saying text: String = "") -> [ModelEvent] {
            (text.isEmpty ? [] : [.textDelta(text)])
                + [.toolCall(id: "c", name: name, arguments: arguments), .finished(.toolCalls)]
        }
    }

    private struct State {
        var answers: [Answer]
        var requests: [ModelRequest] = []
        var held: [@Sendable () -> Void] = []
    }

    private let state: Mutex<State>

    init(_ answers: [Answer]) { state = Mutex(State(answers: answers)) }

    var requests: [ModelRequest] { state.withLock { $0.requests } }

    /// Lets every held answer go.
    func release() {
        let held = state.withLock { state in
            defer { state.held = [] }
            return state.held
        }
        for answer in held { answer() }
    }

    func stream(_ request: ModelRequest) -> DirectStream<ModelEvent> {
        DirectStream { continuation in
            let answer = state.withLock { state -> Answer in
                state.requests.append(request)
                return state.answers.isEmpty
                    ? .failure(ModelError(.rejected, "the script is over")) : state.answers.removeFirst()
            }
            @Sendable func give(_ events: [ModelEvent]) {
                for event in events { continuation.yield(event) }
                continuation.finish()
            }
            switch answer {
            case .events(let events): give(events)
            case .failure(let error): continuation.finish(throwing: error)
            case .held(let events): state.withLock { $0.held.append { give(events) } }
            }
        }
    }
}
