using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.FlowAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Troupe.Actors.Analyzers;

/// <summary>TRP0008: an actor waits by awaiting.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class BlockingAnalyzer : ActorCodeAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [Rules.Blocking];

    /// <inheritdoc/>
    protected override void Register(SymbolStartAnalysisContext actor)
    {
        ISymbol type = actor.Symbol;
        actor.RegisterOperationBlockAction(context =>
        {
            if (!IsOf(context.OwningSymbol, type) || context.OwningSymbol.IsStatic)
                return;
            var done = new HashSet<IOperation>();
            foreach (IOperation block in context.OperationBlocks)
            {
                bool calls = false;
                foreach (IOperation operation in block.Descendants())
                {
                    if (operation is ILockOperation @lock && !RunsElsewhere(@lock))
                        context.ReportDiagnostic(Diagnostic.Create(Rules.Blocking, @lock.LockedValue.Syntax.GetLocation(), "A lock", BlockingCalls.OwnState));
                    calls |= Member(operation) is { } member && BlockingCalls.Instead(member) is not null;
                }

                if (!calls)
                    continue;
                ControlFlowGraph graph = context.GetControlFlowGraph(block);
                if (done.Add(graph.OriginalOperation))
                    Check(graph, context);
            }
        });
    }

    private static void Check(ControlFlowGraph graph, OperationBlockAnalysisContext context)
    {
        var completed = new CompletedTasks(graph);
        foreach (BasicBlock block in graph.Blocks)
        {
            ImmutableHashSet<ISymbol> known = completed.AtEntry(block);
            foreach (IOperation operation in CompletedTasks.Operations(block))
            {
                if (operation is IFlowAnonymousFunctionOperation function && !RunsElsewhere(function))
                    Check(graph.GetAnonymousFunctionControlFlowGraph(function, context.CancellationToken), context);
                // A lock statement's own calls have been seen as a lock.
                if (!operation.IsImplicit && Member(operation) is { } member && BlockingCalls.Instead(member) is { } instead && !(BlockingCalls.WaitsForTask(member) && IsCompleted(operation, known)))
                    context.ReportDiagnostic(Diagnostic.Create(Rules.Blocking, operation.Syntax.GetLocation(), $"{member.ContainingType.Name}.{member.Name}", instead));
                known = CompletedTasks.After(operation, known);
            }
        }

        foreach (IMethodSymbol function in graph.LocalFunctions)
            Check(graph.GetLocalFunctionControlFlowGraph(function, context.CancellationToken), context);
    }

    private static ISymbol? Member(IOperation operation) => operation switch
    {
        IInvocationOperation call => call.TargetMethod,
        IPropertyReferenceOperation property => property.Property,
        _ => null,
    };

    private static bool IsCompleted(IOperation operation, ImmutableHashSet<ISymbol> known)
    {
        IOperation? task = operation switch
        {
            IInvocationOperation call => call.Instance,
            IPropertyReferenceOperation property => property.Instance,
            _ => null,
        };
        return CompletedTasks.Variable(task) is { } variable && known.Contains(variable);
    }

    // On a thread that is not the actor's worker.
    private static bool RunsElsewhere(IOperation operation)
    {
        for (IOperation? outer = operation; outer is not null; outer = outer.Parent)
        {
            if (outer is not IDelegateCreationOperation { Parent: IArgumentOperation { Parent: var call } })
                continue;
            if ((call is IInvocationOperation invocation && BesideTurns.Runs(invocation.TargetMethod))
                || (call is IObjectCreationOperation { Constructor: { } constructor } && BesideTurns.Runs(constructor)))
                return true;
        }

        return false;
    }
}
