using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Troupe.Actors.Analyzers;

/// <summary>A rule about the code of actors: it sees the members of types that derive from <c>Actor&lt;TMessage&gt;</c>, and no others.</summary>
public abstract class ActorCodeAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public sealed override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(start =>
        {
            if (ActorTypes.Of(start.Compilation) is not { } types)
                return;
            start.RegisterSymbolStartAction(
                symbol =>
                {
                    if (types.IsActor((INamedTypeSymbol)symbol.Symbol))
                        Register(symbol);
                },
                SymbolKind.NamedType);
        });
    }

    /// <summary>Registers for the members of one actor type.</summary>
    protected abstract void Register(SymbolStartAnalysisContext actor);

    /// <summary>Whether a member belongs to the actor itself and not to a type nested in it.</summary>
    private protected static bool IsOf(ISymbol member, ISymbol actor) => SymbolEqualityComparer.Default.Equals(member.ContainingType, actor);
}
