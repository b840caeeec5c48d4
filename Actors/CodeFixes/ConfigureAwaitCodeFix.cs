using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Troupe.Actors.Analyzers;

/// <summary>TRP0011: drops <c>.ConfigureAwait(false)</c>.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class ConfigureAwaitCodeFix : CodeFixProvider
{
    private const string Title = "Drop ConfigureAwait, to stay in the actor";

    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds => [Rules.LeavesActor.Id];

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        if (await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false) is not { } root)
            return;
        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            InvocationExpressionSyntax? call = root.FindNode(diagnostic.Location.SourceSpan).FirstAncestorOrSelf<InvocationExpressionSyntax>();
            if (call?.Expression is not MemberAccessExpressionSyntax access)
                continue;
            ExpressionSyntax task = access.Expression.WithTrailingTrivia(call.GetTrailingTrivia());
            context.RegisterCodeFix(
                CodeAction.Create(Title, _ => Task.FromResult(context.Document.WithSyntaxRoot(root.ReplaceNode(call, task))), Title), diagnostic);
        }
    }
}
