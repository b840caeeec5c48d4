using Troupe.Tools.Terminal;

namespace Troupe.Tools.Benchmarks;

/// <summary>A part of a page that a command writes: what is between two comments that name the command.</summary>
public static class MarkedSection
{
    /// <summary>Replaces what is between the two comments.</summary>
    /// <exception cref="UserError">The page has no such part.</exception>
    public static async Task ReplaceAsync(string page, string command, IEnumerable<string> lines, CancellationToken cancellation)
    {
        string begin = $"<!-- written by {command}: begin -->", end = $"<!-- written by {command}: end -->";
        var text = await File.ReadAllTextAsync(page, cancellation).ConfigureAwait(false);
        var first = text.IndexOf(begin, StringComparison.Ordinal);
        var last = first < 0 ? -1 : text.IndexOf(end, first, StringComparison.Ordinal);
        if (last < 0)
        {
            throw new UserError($"{page} has no part between '{begin}' and '{end}'.", "Put the two comments, each on a line of its own, where the table belongs.");
        }

        await File.WriteAllTextAsync(page, $"{text[..first]}{begin}\n\n{string.Join('\n', lines)}\n\n{text[last..]}", cancellation).ConfigureAwait(false);
    }

    /// <summary>A table as Markdown has it.</summary>
    public static IEnumerable<string> Table(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        string Row(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |";
        return [Row(headings), Row(headings.Select(_ => "---")).Replace(" ", string.Empty, StringComparison.Ordinal), .. rows.Select(Row)];
    }
}
