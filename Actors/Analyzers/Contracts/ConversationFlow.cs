using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.FlowAnalysis;
using Microsoft.CodeAnalysis.Operations;
// Where the conversation may be, and whether it is this method's own.
using Known = (ulong States, bool IsOurs);

namespace Troupe.Actors.Analyzers;

/// <summary>
/// Follows the states that a conversation may be in through a control flow graph: a forward analysis whose meet is union.
/// </summary>
/// <remarks>
/// <para>
/// <b>A conversation that others may know</b> may be observed by them at any moment, on another processor too: so what is kept is closed under
/// everything the contract permits, and no call, await or yield can add to it.
/// </para>
/// <para>
/// <b>One that this method made</b> and has handed to nobody is where this method's own observations left it. The first use that is not an observation
/// ends that.
/// </para>
/// </remarks>
internal sealed class ConversationFlow
{
    private readonly ControlFlowGraph _graph;
    private readonly ContractDeclaration _contract;
    private readonly ISymbol _member;
    private readonly ContractDeclarations _contracts;
    private readonly Conversation _conversation;
    private readonly Known?[] _atEntry;
    private readonly Known _shared;

    public ConversationFlow(ControlFlowGraph graph, ContractDeclaration contract, ISymbol member, ContractDeclarations contracts, Conversation conversation)
    {
        _graph = graph;
        _contract = contract;
        _member = member;
        _contracts = contracts;
        _conversation = conversation;
        _atEntry = new Known?[graph.Blocks.Length];
        _shared = (contract.Everything, false);
        Walk();
    }

    /// <summary>The observations of the conversation, and where it may be before each of them. Nowhere: the line is never reached.</summary>
    public IEnumerable<(IInvocationOperation Observation, ulong States)> Observations()
    {
        foreach (BasicBlock block in _graph.Blocks)
        {
            if (_atEntry[block.Ordinal] is not { } known)
                continue;
            foreach (IOperation operation in Operations(block))
            {
                if (IsObservation(operation))
                    yield return ((IInvocationOperation)operation, known.States);
                known = After(operation, known);
            }
        }
    }

    /// <summary>All operations of a block, operands first.</summary>
    public static IEnumerable<IOperation> Operations(BasicBlock block) => CompletedTasks.Operations(block);

    /// <summary>The argument of an observation that the parameter of that position gets.</summary>
    public static IOperation? Argument(IInvocationOperation observation, int ordinal) =>
        observation.Arguments.FirstOrDefault(argument => argument.Parameter?.Ordinal == ordinal)?.Value;

    private void Walk()
    {
        var open = new Queue<BasicBlock>();
        foreach (BasicBlock block in _graph.Blocks)
        {
            // The method, and handlers, which are entered from anywhere.
            if (block.IsReachable && (block.Predecessors.IsEmpty || IsHandler(block)))
                Meet(block, _shared, open);
        }

        while (open.Count > 0)
        {
            BasicBlock block = open.Dequeue();
            Known known = _atEntry[block.Ordinal]!.Value;
            foreach (IOperation operation in Operations(block))
                known = After(operation, known);
            foreach (ControlFlowBranch? branch in new[] { block.ConditionalSuccessor, block.FallThroughSuccessor })
            {
                if (branch?.Destination is { } destination && known.States != 0)
                    Meet(destination, branch.FinallyRegions.IsEmpty ? known : Share(known.States), open);
            }
        }
    }

    private static bool IsHandler(BasicBlock block)
    {
        for (ControlFlowRegion? region = block.EnclosingRegion; region is not null && region.FirstBlockOrdinal == block.Ordinal; region = region.EnclosingRegion)
        {
            if (region.Kind is ControlFlowRegionKind.Catch or ControlFlowRegionKind.Filter or ControlFlowRegionKind.FilterAndHandler or ControlFlowRegionKind.Finally)
                return true;
        }

        return false;
    }

    private void Meet(BasicBlock block, Known known, Queue<BasicBlock> open)
    {
        Known? before = _atEntry[block.Ordinal];
        Known met = before is not { } other ? known
            : other.IsOurs && known.IsOurs ? (other.States | known.States, true) : Share(other.States | known.States);
        if (before == met)
            return;
        _atEntry[block.Ordinal] = met;
        open.Enqueue(block);
    }

    private Known Share(ulong states) => (_contract.Reach(states), false);

    private Known After(IOperation operation, Known known)
    {
        if (operation is ISimpleAssignmentOperation assignment && _conversation.Is(assignment.Target))
            return IsNew(assignment.Value) ? (_contract.Initial, true) : _shared;
        if (IsObservation(operation))
        {
            object? message = Argument((IInvocationOperation)operation, 1)?.ConstantValue is { HasValue: true, Value: { } value } ? value : null;
            ulong after = message is null ? _contract.Reach(known.States) : _contract.After(known.States, message);
            return known.IsOurs ? (after, true) : Share(after);
        }

        return known.IsOurs && _conversation.Is(operation) && !IsQuiet(operation) ? Share(known.States) : known;
    }

    private bool IsObservation(IOperation operation) =>
        operation is IInvocationOperation { TargetMethod.Name: "Observe" } call && SymbolEqualityComparer.Default.Equals(_contracts.Member(call.Instance), _member)
        && Argument(call, 0) is { } conversation && _conversation.Is(Conversation.Unwrap(conversation));

    // An observation keeps no reference that leads back, an assignment's target is no use, and a field's content is not the object.
    private bool IsQuiet(IOperation use)
    {
        IOperation outer = use;
        while (outer.Parent is IConversionOperation conversion)
            outer = conversion;
        return outer.Parent switch
        {
            IArgumentOperation { Parameter.Ordinal: 0, Parent: IInvocationOperation { TargetMethod.Name: "Observe" } call } => _contracts.IsContract(call.TargetMethod.ContainingType),
            ISimpleAssignmentOperation assignment => assignment.Target == use,
            IFieldReferenceOperation => true,
            _ => false,
        };
    }

    // What has no constructor of its own and no base class but object cannot have shown itself to anybody: initializers do not see it.
    private static bool IsNew(IOperation value) =>
        Conversation.Unwrap(value) is IObjectCreationOperation { Initializer: null, Constructor: { } constructor, Type: INamedTypeSymbol { TypeKind: TypeKind.Class } type }
        && (type.SpecialType == SpecialType.System_Object
            || (type.BaseType?.SpecialType == SpecialType.System_Object && !type.DeclaringSyntaxReferences.IsEmpty && (constructor.IsImplicitlyDeclared || IsPrimary(constructor))));

    private static bool IsPrimary(IMethodSymbol constructor) =>
        constructor.DeclaringSyntaxReferences.Any(static reference => reference.GetSyntax() is Microsoft.CodeAnalysis.CSharp.Syntax.TypeDeclarationSyntax);
}
