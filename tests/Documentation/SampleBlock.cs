using System.Text.RegularExpressions;

namespace Troupe.Documentation.Tests;

/// <summary>One block of C# in a page.</summary>
/// <param name="Line">The line of the page its first line is on, counted from 1.</param>
/// <param name="Code">What it says.</param>
internal sealed partial record SampleBlock(int Line, string Code)
{
    /// <summary>
    /// All blocks of a page that begin with <c>```csharp</c> alone. One that begins with <c>```csharp fragment</c> is left out: it shows a
    /// part of something that the page does not show whole. So is one that names a file (<see cref="FilesIn"/>).
    /// </summary>
    internal static IReadOnlyList<SampleBlock> In(string page) =>
        [.. Block().Matches(page).Select(match => new SampleBlock(page[..match.Groups["code"].Index].Count(character => character == '\n') + 1, match.Groups["code"].Value))];

    /// <summary>All blocks of a page that begin with <c>```csharp FILE</c>: each is that file of the repository.</summary>
    internal static IReadOnlyList<(string File, string Code)> FilesIn(string page) =>
        [.. FileBlock().Matches(page).Select(match => (match.Groups["file"].Value, match.Groups["code"].Value))];

    [GeneratedRegex(@"^```csharp (?<file>\S+\.cs)[ \t]*\n(?<code>.*?)^```[ \t]*$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex FileBlock();

    [GeneratedRegex(@"^```csharp[ \t]*\n(?<code>.*?)^```[ \t]*$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
