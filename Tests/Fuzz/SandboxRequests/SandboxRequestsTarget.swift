import CentralStore
import Core

@testable import AgentRequests

/// What a sandbox asks of the host: arguments of actions, questions for people, fields of tasks, and the head of a request to
/// a model server.
///
/// What is taken out of the arguments is what stood in them, within its bounds, and what nobody took is refused; a question
/// reads back as itself.
struct SandboxRequestsTarget: FuzzTarget {
    static let name = "sandbox-requests"

    private let heads: RequestHeads

    init() throws { heads = try RequestHeads() }

    func run(_ input: [UInt8]) {
        var choices = Choices(input)
        switch choices.below(5) {
        case 0: arguments(Self.json(&choices))
        case 1: question(Self.json(&choices))
        case 2: task(Self.json(&choices))
        case 3: RequestHeads.path(String(decoding: choices.remainder(), as: UTF8.self))
        default: heads.fields(isOpenAI: choices.flag(), String(decoding: choices.remainder(), as: UTF8.self))
        }
    }

    private static func json(_ choices: inout Choices) -> String {
        String(decoding: JSONMutation.bytes(&choices), as: UTF8.self)
    }

    /// The arguments and what a plain reader finds in them.
    private func read(_ text: String) -> (arguments: ActionArguments, given: [String: JSONValue])? {
        let arguments: ActionArguments
        do throws(HostActionRefusal) {
            arguments = try ActionArguments(OutboundAction(action: "act", arguments: text))
        } catch {
            isShort(error, text)
            return nil
        }
        guard let given = (try? JSONValue(parsing: text))?.object else { violated("arguments are an object: \(text)") }
        return (arguments, given.filter { $0.value != .null })
    }

    private func isShort(_ refusal: HostActionRefusal, _ text: String) {
        require(refusal.message.utf8.count < 2 * text.utf8.count + 1000, "a refusal is short: \(refusal)")
    }

    private func arguments(_ text: String) {
        guard case (var arguments, let given)? = read(text) else { return }
        if !given.isEmpty { require((try? arguments.finish()) == nil, "what nobody took is refused: \(text)") }
        for (key, value) in given.sorted(by: { $0.key < $1.key }) {
            switch value {
            case .string(let word):
                let expected = word.utf8.count <= 100 ? word : nil
                require((try? arguments.optional(key, most: 100)) == expected, "a text is its text: \(key)")
            case .bool(let flag): require((try? arguments.flag(key)) == flag, "a flag is its value: \(key)")
            case .integer(let number):
                let expected = (-5...100).contains(number) ? number : nil
                require((try? arguments.integer(key, -5...100)) == expected, "bounds hold: \(key)")
            case .array(let elements):
                let texts = elements.compactMap(\.string)
                let expected = texts.count == elements.count && texts.count <= 8 ? texts : nil
                require((try? arguments.texts(key, most: 8)) == expected, "a list is its texts: \(key)")
            default: require((try? arguments.required(key)) == nil, "no text is made of what is none: \(key)")
            }
            require(arguments.value(key) == nil, "an argument is taken once: \(key)")
        }
        do { try arguments.finish() } catch { violated("nothing is left when all was taken: \(error)") }
    }

    private func question(_ text: String) {
        guard let (arguments, _) = read(text) else { return }
        let question: AskedQuestion
        do throws(HostActionRefusal) { question = try AskedQuestion(arguments) } catch { return isShort(error, text) }
        require((1...10).contains(question.options.count), "a question has 1 to 10 options: \(text)")
        require(Set(question.options.map(\.value)).count == question.options.count, "each says something else: \(text)")
        for line in [question.title] + question.options.flatMap({ [$0.label, $0.value] }) {
            require((1...800).contains(line.utf8.count), "a line has 1 to 800 bytes: \(line.utf8.count)")
            let isLine = line.unicodeScalars.allSatisfy {
                $0.value >= 0x20 && $0.value != 0x85 && $0.value != 0x2028 && $0.value != 0x2029
            }
            require(isLine, "a line is one: \(line)")
        }
        require(!question.question.isEmpty && question.question.utf8.count <= 16 * 1024, "a question is asked")
        require(
            AskedQuestion.timeouts.contains(question.timeout),
            "it is open for as long as it may: \(question.timeout)"
        )
        let said: JSONValue = [
            "title": .string(question.title), "question": .string(question.question),
            "options": .array(question.options.map { ["label": .string($0.label), "value": .string($0.value)] }),
            "timeout_seconds": .integer(question.timeout), "wait": .bool(question.waits),
        ]
        guard let again = (try? said.text()).flatMap({ read($0) }).flatMap({ try? AskedQuestion($0.arguments) }) else {
            violated("a question that was read can be asked: \(text)")
        }
        require(
            again.title == question.title && again.question == question.question,
            "it reads back as itself: \(text)"
        )
        require(
            again.options == question.options && again.timeout == question.timeout,
            "and so do its options: \(text)"
        )
        require(again.waits == question.waits, "it waits or not: \(text)")
    }

    private func task(_ text: String) {
        guard case (var arguments, let given)? = read(text) else { return }
        let fields: TaskFields
        do throws(HostActionRefusal) { fields = try TaskFields(&arguments) } catch { return isShort(error, text) }
        require(fields.isOfAgent, "no argument makes it a person's: \(text)")
        let told = [
            "prompt": fields.prompt, "at": fields.at, "every": fields.every, "cron": fields.cron, "zone": fields.zone,
            "script": fields.script, "name": fields.name, "missed_runs": fields.missedRuns,
        ]
        for (key, value) in told {
            require(value == given[key]?.string, "a field is its argument: \(key)")
            require(given[key] == nil || value != nil, "no argument is passed over: \(key)")
        }
        require(fields.isFresh == given["fresh"]?.bool, "a flag is its argument: \(text)")
        let isAll = given.keys.allSatisfy { told[$0] != nil || $0 == "fresh" }
        require(((try? arguments.finish()) != nil) == isAll, "what is no field is left: \(text)")
    }
}
