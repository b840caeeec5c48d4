using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Troupe.Actors.Analyzers;

/// <summary>TRP0012: no pointers in an actor, and nothing that is one in disguise.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class UnsafeCodeAnalyzer : ActorCodeAnalyzer
{
    private static readonly HashSet<string> _disguises =
    [
        "System.Runtime.CompilerServices.Unsafe", "System.Runtime.InteropServices.MemoryMarshal",
        "System.Runtime.InteropServices.Marshal", "System.Runtime.InteropServices.NativeMemory",
        "System.Runtime.InteropServices.GCHandle", "System.Runtime.InteropServices.CollectionsMarshal",
        "System.Runtime.InteropServices.ImmutableCollectionsMarshal",
    ];

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [Rules.UnsafeCode];

    /// <inheritdoc/>
    protected override void Register(SymbolStartAnalysisContext actor)
    {
        ISymbol type = actor.Symbol;
        // The modifier has no symbol.
        actor.RegisterSyntaxNodeAction(
            static context => Report(context.ReportDiagnostic, ((UnsafeStatementSyntax)context.Node).UnsafeKeyword.GetLocation(), "An unsafe block"),
            SyntaxKind.UnsafeStatement);
        actor.RegisterOperationAction(
            context =>
            {
                IMethodSymbol method = ((IInvocationOperation)context.Operation).TargetMethod;
                if (IsOf(context.ContainingSymbol, type) && _disguises.Contains(BesideTurns.TypeName(method.ContainingType)))
                    Report(context.ReportDiagnostic, context.Operation.Syntax.GetLocation(), $"{method.ContainingType.Name}.{method.Name}");
            },
            OperationKind.Invocation);
        actor.RegisterSymbolEndAction(static context => CheckDeclarations((INamedTypeSymbol)context.Symbol, context));
    }

    private static void CheckDeclarations(INamedTypeSymbol actor, SymbolAnalysisContext context)
    {
        foreach (ISymbol declared in actor.GetMembers().Add(actor))
        {
            if (declared is IMethodSymbol method && method.GetDllImportData() is not null)
                Report(context.ReportDiagnostic, declared.Locations[0], $"The native function {declared.Name}");
            foreach (SyntaxReference reference in declared.DeclaringSyntaxReferences)
            {
                if (Modifiers(reference.GetSyntax(context.CancellationToken)).FirstOrDefault(static token => token.IsKind(SyntaxKind.UnsafeKeyword)) is { RawKind: not 0 } keyword)
                    Report(context.ReportDiagnostic, keyword.GetLocation(), $"'{declared.Name}', being unsafe,");
            }
        }
    }

    private static SyntaxTokenList Modifiers(SyntaxNode declaration) => declaration switch
    {
        MemberDeclarationSyntax member => member.Modifiers,
        VariableDeclaratorSyntax { Parent.Parent: MemberDeclarationSyntax field } => field.Modifiers,
        _ => default,
    };

    private static void Report(Action<Diagnostic> report, Location place, string what) => report(Diagnostic.Create(Rules.UnsafeCode, place, what));
}
