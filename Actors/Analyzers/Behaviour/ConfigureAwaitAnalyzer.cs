using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Troupe.Actors.Analyzers;

/// <summary>TRP0011: what follows an <c>await</c> in an actor is a turn of the actor.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ConfigureAwaitAnalyzer : ActorCodeAnalyzer
{
    /// <summary>ConfigureAwaitOptions.ContinueOnCapturedContext.</summary>
    private const int ContinueOnCapturedContext = 1;

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [Rules.LeavesActor];

    /// <inheritdoc/>
    protected override void Register(SymbolStartAnalysisContext actor)
    {
        ISymbol type = actor.Symbol;
        actor.RegisterOperationAction(
            context =>
            {
                var call = (IInvocationOperation)context.Operation;
                // The class library's, on tasks, value tasks, asynchronous sequences and disposables alike.
                if (!IsOf(context.ContainingSymbol, type) || call.TargetMethod.Name != "ConfigureAwait" || call.Arguments.IsEmpty
                    || call.TargetMethod.ContainingNamespace.ToDisplayString() != "System.Threading.Tasks")
                    return;
                IArgumentOperation last = call.Arguments[call.Arguments.Length - 1];
                bool leaves = last.Value.ConstantValue is { HasValue: true, Value: var answer }
                    && (answer is false || (answer is int options && (options & ContinueOnCapturedContext) == 0));
                if (leaves)
                    context.ReportDiagnostic(Diagnostic.Create(Rules.LeavesActor, last.Syntax.GetLocation()));
            },
            OperationKind.Invocation);
    }
}
