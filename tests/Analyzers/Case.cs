using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;
using Troupe.Actors;
using Troupe.Actors.Analyzers;

namespace Troupe.Analyzers.Tests;

/// <summary>
/// A snippet of C# with a mark wherever a diagnostic must appear: <c>[|code|]</c>, or <c>[|TRP0004 code|]</c> for another rule
/// than the one a test is about. All analyzers run on every snippet, so one without marks is clean under all rules.
/// </summary>
internal sealed partial class Case
{
    private static readonly CSharpParseOptions _language = new(LanguageVersion.CSharp14);

    private static readonly SyntaxTree _usings = CSharpSyntaxTree.ParseText(
        """
        global using System;
        global using System.Collections.Concurrent;
        global using System.Collections.Frozen;
        global using System.Collections.Generic;
        global using System.Collections.Immutable;
        global using System.IO;
        global using System.Linq;
        global using System.Net;
        global using System.Runtime.CompilerServices;
        global using System.Runtime.InteropServices;
        global using System.Threading;
        global using System.Threading.Tasks;
        global using Troupe.Actors;
        """, _language);

    private static readonly ImmutableArray<MetadataReference> _references =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(file => Path.GetDirectoryName(file) == Path.GetDirectoryName(typeof(object).Assembly.Location))
            .Select(file => MetadataReference.CreateFromFile(file)),
        MetadataReference.CreateFromFile(typeof(ActorSystem).Assembly.Location),
    ];

    private static readonly ImmutableArray<DiagnosticAnalyzer> _analyzers =
    [
        new SendableAnalyzer(), new OwnershipAnalyzer(), new BlockingAnalyzer(), new MutableStaticAnalyzer(),
        new StateEscapeAnalyzer(), new ConfigureAwaitAnalyzer(), new UnsafeCodeAnalyzer(),
        new ContractAnalyzer(),
    ];

    private readonly SyntaxTree[] _trees;
    private readonly List<(string Id, TextSpan Span)> _expected = [];

    /// <summary>Reads the marks of a snippet; <paramref name="rule"/> is what a mark without a rule means.</summary>
    public Case(string marked, string rule = "TRP0000", params string[] surroundings)
    {
        var source = new System.Text.StringBuilder();
        var open = new Stack<(string Id, int Start)>();
        int at = 0;
        foreach (Match mark in Mark().Matches(marked))
        {
            source.Append(marked, at, mark.Index - at);
            at = mark.Index + mark.Length;
            if (mark.Value == "|]")
            {
                (string id, int start) = open.Pop();
                _expected.Add((id, TextSpan.FromBounds(start, source.Length)));
            }
            else
            {
                open.Push((mark.Groups[1].Success ? mark.Groups[1].Value : rule, source.Length));
            }
        }

        Source = source.Append(marked, at, marked.Length - at).ToString();
        _trees = [_usings, CSharpSyntaxTree.ParseText(Source, _language, "case.cs"), .. surroundings.Select(text => CSharpSyntaxTree.ParseText(text, _language))];
    }

    /// <summary>The snippet without its marks.</summary>
    public string Source { get; }

    public bool IsMarked => _expected.Count > 0;

    /// <summary>Assemblies beyond the class library and the runtime.</summary>
    public MetadataReference[] References { get; init; } = [];

    /// <summary>Whether the snippet compiles; if it does not, all that counts is that no analyzer fails on it.</summary>
    public bool IsBroken { get; init; }

    public CSharpCompilation Compile(string name = "case") => CSharpCompilation.Create(
        name, _trees, [.. _references, .. References],
        new(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));

    /// <summary>Runs every analyzer and compares with the marks; the diagnostics found.</summary>
    public async Task<IReadOnlyList<Diagnostic>> VerifyAsync()
    {
        CSharpCompilation compilation = Compile();
        if (!IsBroken)
            Assert.Empty(compilation.GetDiagnostics().Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));
        ImmutableArray<Diagnostic> found = await compilation.WithAnalyzers(_analyzers).GetAnalyzerDiagnosticsAsync();
        Assert.DoesNotContain(found, diagnostic => !diagnostic.Id.StartsWith("TRP", StringComparison.Ordinal));
        if (!IsBroken)
        {
            Assert.Equal(
                _expected.Select(expected => $"{expected.Id} at '{Source.Substring(expected.Span.Start, expected.Span.Length)}' {expected.Span}").Order(),
                found.Select(diagnostic => $"{diagnostic.Id} at '{Text(diagnostic)}' {diagnostic.Location.SourceSpan}").Order());
        }

        return found;
    }

    private static string Text(Diagnostic diagnostic) =>
        diagnostic.Location.SourceTree?.GetText().ToString(diagnostic.Location.SourceSpan) ?? "nowhere";

    [GeneratedRegex(@"\[\|(?:(TRP\d{4}) )?|\|\]")]
    private static partial Regex Mark();
}
