using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.FlowAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Troupe.Actors.Analyzers;

/// <summary>
/// Which variables hold a task that has completed, on every path to an operation: it was awaited, or asked whether it has.
/// A forward analysis whose meet is intersection.
/// </summary>
internal sealed class CompletedTasks
{
    private static readonly ImmutableHashSet<ISymbol> _none = ImmutableHashSet.Create<ISymbol>(SymbolEqualityComparer.Default);

    private readonly ImmutableHashSet<ISymbol>?[] _atEntry;

    public CompletedTasks(ControlFlowGraph graph)
    {
        _atEntry = new ImmutableHashSet<ISymbol>?[graph.Blocks.Length];
        var open = new Queue<BasicBlock>();
        foreach (BasicBlock block in graph.Blocks)
        {
            // The method, and handlers, which are entered from anywhere, begin knowing nothing.
            if (block.Predecessors.IsEmpty)
            {
                _atEntry[block.Ordinal] = _none;
                open.Enqueue(block);
            }
        }

        while (open.Count > 0)
        {
            BasicBlock block = open.Dequeue();
            ImmutableHashSet<ISymbol> known = _atEntry[block.Ordinal]!;
            foreach (IOperation operation in Operations(block))
                known = After(operation, known);
            ISymbol? asked = Asked(block.BranchValue);
            bool onTrue = block.ConditionKind == ControlFlowConditionKind.WhenTrue;
            Meet(block.ConditionalSuccessor?.Destination, asked is not null && onTrue ? known.Add(asked) : known, open);
            Meet(block.FallThroughSuccessor?.Destination, asked is not null && !onTrue && block.ConditionKind != ControlFlowConditionKind.None ? known.Add(asked) : known, open);
        }
    }

    public ImmutableHashSet<ISymbol> AtEntry(BasicBlock block) => _atEntry[block.Ordinal] ?? _none;

    /// <summary>All operations of a block, operands first.</summary>
    public static IEnumerable<IOperation> Operations(BasicBlock block) =>
        (block.BranchValue is { } value ? block.Operations.Add(value) : block.Operations).SelectMany(PostOrder);

    public static ImmutableHashSet<ISymbol> After(IOperation operation, ImmutableHashSet<ISymbol> known) => operation switch
    {
        IAwaitOperation { Operation: IInvocationOperation { TargetMethod.Name: "WhenAll" } all } => known.Union(all.Arguments.SelectMany(static argument => argument.Value.DescendantsAndSelf()).Select(Variable).OfType<ISymbol>()),
        IAwaitOperation awaiting when Variable(awaiting.Operation) is { } awaited => known.Add(awaited),
        IAssignmentOperation assignment when Variable(assignment.Target) is { } assigned => known.Remove(assigned),
        IArgumentOperation { Parameter.RefKind: RefKind.Out or RefKind.Ref } argument when Variable(argument.Value) is { } assigned => known.Remove(assigned),
        _ => known,
    };

    /// <summary>The variable that an expression names, or whose task or awaiter it is.</summary>
    public static ISymbol? Variable(IOperation? operation) => operation switch
    {
        ILocalReferenceOperation local => local.Local,
        IParameterReferenceOperation parameter => parameter.Parameter,
        IFieldReferenceOperation { Instance: null or IInstanceReferenceOperation } field => field.Field,
        IConversionOperation conversion => Variable(conversion.Operand),
        IInvocationOperation { TargetMethod.Name: "GetAwaiter" or "ConfigureAwait" or "AsTask", Instance: { } task } => Variable(task),
        _ => null,
    };

    private static ISymbol? Asked(IOperation? condition) =>
        condition is IPropertyReferenceOperation { Property.Name: "IsCompleted" or "IsCompletedSuccessfully" or "IsFaulted" or "IsCanceled" } property
            ? Variable(property.Instance) : null;

    private static IEnumerable<IOperation> PostOrder(IOperation operation)
    {
        foreach (IOperation child in operation.ChildOperations)
        {
            foreach (IOperation deeper in PostOrder(child))
                yield return deeper;
        }

        yield return operation;
    }

    private void Meet(BasicBlock? block, ImmutableHashSet<ISymbol> known, Queue<BasicBlock> open)
    {
        if (block is null)
            return;
        ImmutableHashSet<ISymbol>? before = _atEntry[block.Ordinal];
        ImmutableHashSet<ISymbol> met = before is null ? known : before.Intersect(known);
        if (before is not null && met.Count == before.Count)
            return;
        _atEntry[block.Ordinal] = met;
        open.Enqueue(block);
    }
}
