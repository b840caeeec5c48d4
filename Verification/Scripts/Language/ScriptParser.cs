using System.Globalization;
using System.Text.RegularExpressions;

namespace Troupe.Verification.Scripts;

/// <summary>
/// Reads a script. A line is <c>[+TIME[~TOLERANCE]] [repeat N] (&lt; PACKET | &gt; PACKET | CALL [-&gt; RESULT])</c>; <c>#</c> begins a comment, the first of which names what is
/// checked.
/// </summary>
internal sealed partial class ScriptParser
{
    /// <summary>How far off a packet may be unless its line says so.</summary>
    private static readonly TimeSpan DefaultTolerance = TimeSpan.FromMilliseconds(1);

    private readonly string _name;

    private ScriptParser(string name) => _name = name;

    public static Script Parse(string name, string text)
    {
        ScriptParser parser = new(name);
        string[] lines = text.ReplaceLineEndings("\n").Split('\n');
        string requirement = lines[0].TrimStart('#', ' ');
        if (!lines[0].StartsWith('#') || !Requirement().IsMatch(requirement))
            throw new ScriptException(name, 1, 1, "The first line names what is checked, as in '# RFC 9293 3.8.6.1: ...'.");
        List<Word> host = [];
        List<Statement> statements = [];
        for (int index = 0; index < lines.Length; index++)
        {
            Queue<Word> words = parser.Split(lines[index], index + 1);
            if (words.Count == 0)
                continue;
            if (words.Peek().Key != "host")
            {
                statements.Add(parser.ParseStatement(words, lines[index].Trim(), index + 1));
                continue;
            }

            Word keyword = words.Dequeue();
            if (statements.Count > 0)
                throw keyword.Wrong("'host' stands before what happens.");
            host.AddRange(words);
        }

        if (statements.Count == 0)
            throw new ScriptException(name, lines.Length, 1, "Nothing happens in this script.");
        return new(name, requirement, [.. host], [.. statements]);
    }

    private Statement ParseStatement(Queue<Word> words, string text, int line)
    {
        Word first = words.Peek();
        TimeSpan after = TimeSpan.Zero;
        TimeSpan tolerance = DefaultTolerance;
        if (first.Key.StartsWith('+'))
        {
            words.Dequeue();
            string[] parts = first.Key[1..].Split('~');
            if (!Word.TryParseDuration(parts[0], out after) || (parts.Length > 1 && !Word.TryParseDuration(parts[1], out tolerance)) || parts.Length > 2)
                throw first.Wrong($"'{first.Key}' is no time: +0.2s, +40ms and +1s~100ms are.");
            if (words.Count == 0)
                return new(line, text, StatementKind.Wait, after, tolerance, 1, first, Flow.Main, [], null);
        }

        int repeat = 1;
        if (words.Peek().Key == "repeat")
        {
            Word keyword = words.Dequeue();
            if (!words.TryDequeue(out Word? count) || !int.TryParse(count.Key, NumberStyles.None, CultureInfo.InvariantCulture, out repeat) || repeat == 0)
                throw keyword.Wrong("'repeat' needs how often, as in 'repeat 3 < ack=1'.");
            Require(words, count, "something to repeat");
        }

        Word verb = words.Dequeue();
        StatementKind kind = verb.Key switch { "<" => StatementKind.Inject, ">" => StatementKind.Expect, _ => StatementKind.Call };
        Word? result = null;
        string flow = Flow.Main;
        if (kind != StatementKind.Call)
        {
            Require(words, verb, "a packet");
            flow = TakeFlow(words, flow);
            Require(words, verb, "a packet");
            // TCP is what most are about, so it need not be said.
            verb = Grammar.Protocols.ContainsKey(words.Peek().Key) ? words.Dequeue() : verb with { Key = "tcp" };
            Grammar.Check(kind, verb, words);
        }
        else
        {
            flow = TakeFlow(words, flow);
            result = TakeResult(words);
            Grammar.CheckCall(verb, words, result);
        }

        return new(line, text, kind, after, tolerance, repeat, verb, flow, [.. words], result);
    }

    private static string TakeFlow(Queue<Word> words, string otherwise) =>
        words.TryPeek(out Word? word) && word.Key.StartsWith('@') ? words.Dequeue().Key[1..] : otherwise;

    private static Word? TakeResult(Queue<Word> words)
    {
        Word[] all = [.. words];
        int arrow = Array.FindIndex(all, static word => word.Key == "->");
        if (arrow < 0)
            return null;
        if (arrow != all.Length - 2)
            throw all[arrow].Wrong("Behind '->' stands one word: what the call ends with.");
        words.Clear();
        foreach (Word word in all[..arrow])
            words.Enqueue(word);
        return all[^1];
    }

    private static void Require(Queue<Word> words, Word after, string what)
    {
        if (words.Count == 0)
            throw after.Wrong($"Behind '{after.Key}' stands {what}.");
    }

    private Queue<Word> Split(string text, int line)
    {
        Queue<Word> words = new();
        int comment = text.IndexOf('#');
        string code = comment < 0 ? text : text[..comment];
        foreach (Match match in WordPattern().Matches(code))
        {
            string word = match.Value;
            int equals = word.IndexOf('=');
            bool hasValue = equals > 0;
            words.Enqueue(new(hasValue ? word[..equals] : word, hasValue ? word[(equals + 1)..] : null, _name, line, match.Index + 1));
        }

        return words;
    }

    [GeneratedRegex(@"\S+")]
    private static partial Regex WordPattern();

    [GeneratedRegex(@"^RFC \d+( .*)?: ")]
    private static partial Regex Requirement();
}
