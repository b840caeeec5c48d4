using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Troupe.Actors.Analyzers;

namespace Troupe.Analyzers.Tests;

/// <summary>What the light bulb offers, and what comes of it.</summary>
public sealed class CodeFixTests
{
    private const string Actor = " class A : Actor<[|M|]> { protected override ValueTask ReceiveAsync(M message) => default; }";

    [Theory]
    [InlineData("class M { public int X { get; } }", "sealed class M { public int X { get; } }")]
    [InlineData("public record M(int X);", "public sealed record M(int X);")]
    [InlineData("public partial class M;", "public sealed partial class M;")]
    [InlineData("/// <summary>M.</summary>\nclass M;", "/// <summary>M.</summary>\nsealed class M;")]
    [InlineData("public struct M { private readonly int _x; }", "public readonly struct M { private readonly int _x; }")]
    [InlineData("public record struct M(int X);", "public readonly record struct M(int X);")]
    [InlineData("public sealed class M { private int _x; }", "public sealed class M { private readonly int _x; }")]
    [InlineData("public sealed class M { public int X { get; set; } }", "public sealed class M { public int X { get; init; } }")]
    [InlineData("class I; sealed record M(I Inner);", "sealed class I; sealed record M(I Inner);")]
    public Task ADeclarationBecomesSendable(string before, string after) =>
        FixAsync(new SendableCodeFix(), "TRP0001", before + Actor, after + Actor.Replace("[|M|]", "M", StringComparison.Ordinal));

    [Fact]
    public Task ATypeParameterIsMarked() => FixAsync(
        new SendableCodeFix(), "TRP0001",
        "class R<T> : Actor<[|T|]> { protected override ValueTask ReceiveAsync(T message) => default; }",
        "class R<[Sendable] T> : Actor<T> { protected override ValueTask ReceiveAsync(T message) => default; }");

    [Theory]
    [InlineData("await Task.Delay(1).ConfigureAwait([|false|]);", "await Task.Delay(1);")]
    [InlineData("await Task.Delay(1)\n    .ConfigureAwait([|false|]); // later\n", "await Task.Delay(1); // later\n")]
    public Task ConfigureAwaitIsDropped(string before, string after)
    {
        const string actor = "class A : Actor<int> {{ protected override async ValueTask ReceiveAsync(int message) {{ {0} }} }}";
        return FixAsync(
            new ConfigureAwaitCodeFix(), "TRP0011",
            string.Format(System.Globalization.CultureInfo.InvariantCulture, actor, before),
            string.Format(System.Globalization.CultureInfo.InvariantCulture, actor, after));
    }

    [Theory]
    [InlineData("abstract record M;")]
    [InlineData("sealed record M(int[] X);")]
    public Task NothingIsOfferedThatWouldNotHelp(string declaration) => FixAsync(new SendableCodeFix(), "TRP0001", declaration + Actor, null);

    private static async Task FixAsync(CodeFixProvider provider, string rule, string marked, string? after)
    {
        var source = new Case(marked, rule);
        Diagnostic diagnostic = Assert.Single(await source.VerifyAsync());
        using var workspace = new AdhocWorkspace();
        Project project = workspace.AddProject("case", LanguageNames.CSharp);
        Document document = project.AddDocument("case.cs", source.Source, filePath: "case.cs");
        // The same places in the workspace's own tree, to which the fix will be applied.
        SyntaxTree tree = (await document.GetSyntaxTreeAsync())!;
        Diagnostic moved = Diagnostic.Create(
            diagnostic.Descriptor, Location.Create(tree, diagnostic.Location.SourceSpan),
            diagnostic.AdditionalLocations.Select(place => Location.Create(tree, place.SourceSpan)));
        List<CodeAction> offered = [];
        await provider.RegisterCodeFixesAsync(new CodeFixContext(document, moved, (action, _) => offered.Add(action), CancellationToken.None));
        if (after is null)
        {
            Assert.Empty(offered);
            return;
        }

        var applied = Assert.IsType<ApplyChangesOperation>(Assert.Single(await Assert.Single(offered).GetOperationsAsync(CancellationToken.None)));
        Assert.Equal(after, (await applied.ChangedSolution.GetDocument(document.Id)!.GetTextAsync()).ToString());
    }
}
