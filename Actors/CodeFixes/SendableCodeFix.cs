using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Troupe.Actors.Analyzers;

/// <summary>TRP0001: seals the class, makes the struct or field readonly, takes the setter away, or marks the type parameter, wherever that is declared.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class SendableCodeFix : CodeFixProvider
{
    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds => [Rules.NotSendable.Id];

    /// <inheritdoc/>
    // Each fix may be in another file than its diagnostic, and many diagnostics have one culprit.
    public override FixAllProvider? GetFixAllProvider() => null;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        Solution solution = context.Document.Project.Solution;
        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            foreach (Location culprit in diagnostic.AdditionalLocations)
            {
                if (solution.GetDocument(culprit.SourceTree) is not { } document
                    || await document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false) is not { } root
                    || Change(root.FindToken(culprit.SourceSpan.Start).Parent) is not { } change)
                    continue;
                context.RegisterCodeFix(
                    CodeAction.Create(
                        change.Title,
                        _ => Task.FromResult(solution.WithDocumentSyntaxRoot(document.Id, root.ReplaceNode(change.Before, change.After))),
                        change.Title),
                    diagnostic);
            }
        }
    }

    private static NodeChange? Change(SyntaxNode? declared) => declared switch
    {
        ClassDeclarationSyntax or RecordDeclarationSyntax { ClassOrStructKeyword.RawKind: not (int)SyntaxKind.StructKeyword } when declared is TypeDeclarationSyntax type =>
            Has(type.Modifiers, SyntaxKind.AbstractKeyword) || Has(type.Modifiers, SyntaxKind.SealedKeyword) ? null : With(type, SyntaxKind.SealedKeyword, $"Seal '{type.Identifier.ValueText}'"),
        TypeDeclarationSyntax type when type is StructDeclarationSyntax or RecordDeclarationSyntax =>
            Has(type.Modifiers, SyntaxKind.ReadOnlyKeyword) ? null : With(type, SyntaxKind.ReadOnlyKeyword, $"Make '{type.Identifier.ValueText}' readonly"),
        VariableDeclaratorSyntax { Parent.Parent: FieldDeclarationSyntax { Declaration.Variables.Count: 1 } field } variable =>
            Has(field.Modifiers, SyntaxKind.ReadOnlyKeyword) ? null : With(field, SyntaxKind.ReadOnlyKeyword, $"Make '{variable.Identifier.ValueText}' readonly"),
        PropertyDeclarationSyntax { AccessorList: { } accessors } property when accessors.Accessors.FirstOrDefault(static accessor => accessor.IsKind(SyntaxKind.SetAccessorDeclaration)) is { } setter =>
            new($"Make '{property.Identifier.ValueText}' init", setter, Init(setter)),
        TypeParameterSyntax parameter => new(
            $"Mark '{parameter.Identifier.ValueText}' [Sendable]", parameter,
            parameter.WithAttributeLists([.. parameter.AttributeLists, SyntaxFactory.AttributeList([SyntaxFactory.Attribute(SyntaxFactory.IdentifierName("Sendable"))]).WithTrailingTrivia(SyntaxFactory.Space)])),
        _ => null,
    };

    private static AccessorDeclarationSyntax Init(AccessorDeclarationSyntax setter) => SyntaxFactory.AccessorDeclaration(
        SyntaxKind.InitAccessorDeclaration, setter.AttributeLists, setter.Modifiers,
        SyntaxFactory.Token(SyntaxKind.InitKeyword).WithTriviaFrom(setter.Keyword), setter.Body, setter.ExpressionBody, setter.SemicolonToken);

    private static bool Has(SyntaxTokenList modifiers, SyntaxKind kind) => modifiers.Any(kind);

    // Before 'partial', which must come last; after the accessibility.
    private static NodeChange With(MemberDeclarationSyntax declaration, SyntaxKind modifier, string title)
    {
        SyntaxTokenList modifiers = declaration.Modifiers;
        int at = modifiers.IndexOf(SyntaxKind.PartialKeyword) is >= 0 and var partial ? partial : modifiers.Count;
        SyntaxToken added = SyntaxFactory.Token(modifier).WithTrailingTrivia(SyntaxFactory.Space);
        if (modifiers.Count > 0)
            return new(title, declaration, declaration.WithModifiers(modifiers.Insert(at, at == 0 ? added.WithLeadingTrivia(modifiers[0].LeadingTrivia) : added)));
        MemberDeclarationSyntax bare = declaration.WithoutLeadingTrivia();
        return new(title, declaration, bare.WithModifiers([added]).WithLeadingTrivia(declaration.GetLeadingTrivia()));
    }

    private sealed class NodeChange(string title, SyntaxNode before, SyntaxNode after)
    {
        public string Title { get; } = title;

        public SyntaxNode Before { get; } = before;

        public SyntaxNode After { get; } = after;
    }
}
