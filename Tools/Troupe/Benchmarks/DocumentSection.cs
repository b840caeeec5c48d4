using Troupe.Tools.Terminal;

namespace Troupe.Tools.Benchmarks;

/// <summary>The part of a page that a benchmark writes: between two comments that name it.</summary>
public sealed class DocumentSection(string file, string name)
{
    private readonly string _begin = $"<!-- troupe bench {name}: begin -->";
    private readonly string _end = $"<!-- troupe bench {name}: end -->";

    /// <summary>Replaces what stands there.</summary>
    /// <exception cref="UserError">The page does not have the comments, in this order.</exception>
    public void Write(IEnumerable<string> lines)
    {
        var text = File.ReadAllText(file);
        var begin = text.IndexOf(_begin, StringComparison.Ordinal);
        var end = text.IndexOf(_end, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
        {
            throw new UserError($"{Path.GetFileName(file)} has no place for the result: it needs the lines '{_begin}' and '{_end}'.", exitCode: ExitCodes.Broken);
        }

        File.WriteAllText(file, $"{text[..(begin + _begin.Length)]}\n{string.Join('\n', lines)}\n{text[end..]}");
    }
}
