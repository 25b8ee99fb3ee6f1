/// The dialects that are lines of text.
struct TextRenderer {
    private let dialect: ChatDialect
    private let rules: any InlineRules
    private let prefixes: any LinePrefixes

    init(_ dialect: ChatDialect) {
        self.dialect = dialect
        rules =
            switch dialect {
            case .telegramMarkdownV2: TelegramRules()
            case .discord: DiscordRules()
            case .slackMrkdwn: SlackRules()
            case .markdown: SourceRules()
            case .plain, .matrixHTML, .emailHTML: PlainRules()
            }
        prefixes =
            switch dialect {
            case .telegramMarkdownV2: FlatPrefixes(quote: ">", bullet: "• ", numberEnd: "\\. ", quotesCode: false)
            case .slackMrkdwn: FlatPrefixes(quote: "> ", bullet: "• ", numberEnd: ". ", quotesCode: false)
            case .discord: FlatPrefixes(quote: "> ", bullet: "- ", numberEnd: ". ", quotesCode: true)
            case .markdown: NestedPrefixes(alternates: true)
            case .plain, .matrixHTML, .emailHTML: NestedPrefixes(alternates: false)
            }
    }

    func render(_ blocks: ArraySlice<Block>) -> String {
        var out = Output()
        var previous: Block?
        var markers = Markers()
        for block in blocks {
            let succession = Succession(previous, block)
            markers.meet(previous, block, succession.common)
            let isFence = isFence(block.content)
            if let previous {
                out.append("\n")
                if !succession.isTight {
                    let isQuoted = prefixes.quotesCode || !(isFence || self.isFence(previous.content))
                    if isQuoted { out.append(prefixes.blank(block.containers.prefix(succession.common))) }
                    out.append("\n")
                }
            }
            let lead = prefixes.lead(block.containers, succession.common, markers, isFence: isFence)
            write(block, lead, into: &out)
            previous = block
        }
        return out.text
    }

    private func isFence(_ content: Block.Content) -> Bool {
        switch content {
        case .code: true
        case .table: dialect != .markdown
        default: false
        }
    }

    private func write(_ block: Block, _ lead: Lead, into out: inout Output) {
        var isFirst = true
        func line(_ body: (inout Output) -> Void) {
            if !isFirst { out.append("\n") }
            out.append(isFirst ? lead.first : lead.rest)
            isFirst = false
            body(&out)
        }
        func fenced(_ language: String, _ text: String) {
            if let alone = lead.alone { out.append(alone + "\n") }
            if dialect == .plain {
                for part in text.split(separator: "\n", omittingEmptySubsequences: false) {
                    line { $0.append(String(part)) }
                }
                return
            }
            let fence = dialect == .markdown ? Fence.block(for: text) : "```"
            line { $0.append(fence + (dialect == .slackMrkdwn ? "" : language)) }
            let body = codeText(text)
            if lead.rest.isEmpty {
                out.append("\n" + body)
            } else {
                for part in body.split(separator: "\n", omittingEmptySubsequences: false) {
                    line { $0.append(String(part)) }
                }
            }
            line { $0.append(fence) }
        }
        switch block.content {
        case .paragraph(let runs):
            if runs.isEmpty { out.append(InlineNormalizer.withoutTrailingSpace(lead.first)) }
            for part in runs.split(whereSeparator: \.isLineBreak) {
                line { InlineWriter(rules: rules).write(part, into: &$0) }
            }
        case .heading(let level, let runs): line { heading(level, runs, block.containers, &$0) }
        case .code(let language, let text): fenced(language, text)
        case .table(let table):
            if dialect == .markdown {
                for row in SourceTable.lines(table) { line { $0.append(row) } }
            } else {
                fenced("", AlignedTable.text(table))
            }
        case .rule: line { $0.append(dialect == .markdown ? "___" : "———") }
        }
    }

    private func codeText(_ text: String) -> String {
        switch dialect {
        case .telegramMarkdownV2:
            var out = Output()
            out.append(text, escaping: TelegramRules.inCode)
            return out.text
        case .slackMrkdwn:
            var out = Output()
            SlackRules().text(Fence.broken(text), [], &out)
            return out.text
        case .discord: return Fence.broken(text)
        default: return text
        }
    }

    private func heading(_ level: Int, _ runs: [InlineRun], _ containers: [Container], _ out: inout Output) {
        let isNative =
            dialect == .markdown || (dialect == .discord && level < 4 && !containers.contains(where: \.isItem))
        if isNative { out.append(String(repeating: "#", count: level) + " ") }
        var runs = runs
        if !isNative, dialect != .plain {
            for index in runs.indices { runs[index].marks.insert(.bold) }
        }
        InlineWriter(rules: rules).write(runs[...], into: &out)
    }
}
