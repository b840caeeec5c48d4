using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.FlowAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Troupe.Actors.Analyzers;

/// <summary>A local or parameter of an owned type.</summary>
/// <param name="symbol">The variable.</param>
/// <param name="stateAtEntry">Who owns what it holds when the method begins.</param>
/// <param name="dutiful">All variables of the method that ever hold something fresh, so that a copy of one takes over its duty.</param>
internal sealed class OwnedVariable(ISymbol symbol, OwnershipState stateAtEntry, ISet<ISymbol> dutiful)
{
    public ISymbol Symbol { get; } = symbol;

    public OwnershipState StateAtEntry { get; } = stateAtEntry;

    public bool HasDuty(ISymbol other) => dutiful.Contains(other);

    /// <summary>Those of a method that no nested function captures.</summary>
    public static List<OwnedVariable> Of(ControlFlowGraph graph, IMethodSymbol? method, OwnershipContract contract, ISet<ISymbol> captured)
    {
        var found = new Dictionary<ISymbol, OwnershipState>(SymbolEqualityComparer.Default);
        // Default values and attributes of a method are graphs of their own, in which its parameters mean nothing.
        bool isBody = graph.OriginalOperation is IMethodBodyBaseOperation or ILocalFunctionOperation or IAnonymousFunctionOperation or IFlowAnonymousFunctionOperation;
        foreach (IParameterSymbol parameter in isBody && method is not null ? method.Parameters : [])
        {
            // What a delegate's parameter means is for whoever calls it; delegate types cannot say.
            if (contract.IsOwned(parameter.Type))
                found[parameter] = method!.MethodKind == MethodKind.AnonymousFunction && parameter.RefKind != RefKind.Out ? OwnershipState.Unknown : Entry(parameter, contract);
        }

        foreach (ILocalSymbol local in Locals(graph.Root))
        {
            if (contract.IsOwned(local.Type) && local.RefKind == RefKind.None)
                found[local] = OwnershipState.Empty;
        }

        if (found.Count == 0)
            return [];
        ISet<ISymbol> dutiful = Dutiful(graph, found, contract);
        return [.. found.Where(variable => !captured.Contains(variable.Key)).Select(variable => new OwnedVariable(variable.Key, variable.Value, dutiful))];
    }

    private static OwnershipState Entry(IParameterSymbol parameter, OwnershipContract contract) => parameter.RefKind switch
    {
        RefKind.Out => OwnershipState.Empty,
        RefKind.Ref => OwnershipState.Unknown,
        _ => contract.IsLent(parameter) && contract.MovesWhen(parameter) is null ? OwnershipState.Lent : OwnershipState.Owned,
    };

    private static IEnumerable<ILocalSymbol> Locals(ControlFlowRegion region) =>
        region.Locals.Concat(region.NestedRegions.SelectMany(Locals));

    // Without regard to paths: copies of copies are few.
    private static ISet<ISymbol> Dutiful(ControlFlowGraph graph, Dictionary<ISymbol, OwnershipState> variables, OwnershipContract contract)
    {
        var dutiful = new HashSet<ISymbol>(variables.Where(static entry => entry.Value == OwnershipState.Owned).Select(static entry => entry.Key), SymbolEqualityComparer.Default);
        IEnumerable<IOperation> operations = graph.Blocks.SelectMany(static block => block.Operations.Concat(block.BranchValue is { } value ? [value] : [])).SelectMany(static operation => operation.DescendantsAndSelf());
        List<IOperation> relevant = [.. operations.Where(static operation => operation is ISimpleAssignmentOperation or IArgumentOperation)];
        bool changed = true;
        while (changed)
        {
            changed = false;
            foreach (IOperation operation in relevant)
            {
                (IOperation target, bool hasDuty) = operation switch
                {
                    ISimpleAssignmentOperation assignment => (assignment.Target, GivesDuty(assignment.Value)),
                    IArgumentOperation { Parameter: { RefKind: RefKind.Out or RefKind.Ref } parameter } argument => (argument.Value, !contract.IsBorrowed(parameter)),
                    _ => (operation, false),
                };
                if (hasDuty && Variable(target) is { } variable && variables.ContainsKey(variable))
                    changed |= dutiful.Add(variable);
            }
        }

        return dutiful;

        bool GivesDuty(IOperation value) => value switch
        {
            IInvocationOperation call => !contract.IsBorrowed(call.TargetMethod),
            IObjectCreationOperation { Arguments.IsEmpty: true, Type.IsValueType: true } => false,
            IObjectCreationOperation or IAwaitOperation or IFlowCaptureReferenceOperation => true,
            _ => Variable(value) is { } source && dutiful.Contains(source),
        };
    }

    /// <summary>The variable that an expression names.</summary>
    public static ISymbol? Variable(IOperation operation) => operation switch
    {
        ILocalReferenceOperation local => local.Local,
        IParameterReferenceOperation parameter => parameter.Parameter,
        IDeclarationExpressionOperation declaration => Variable(declaration.Expression),
        IParenthesizedOperation parenthesized => Variable(parenthesized.Operand),
        _ => null,
    };
}
