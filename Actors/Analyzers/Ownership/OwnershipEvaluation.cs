using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.FlowAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Troupe.Actors.Analyzers;

/// <summary>What operations do to the followed variable. An operation may end in several ways, each its own path.</summary>
/// <param name="variable">The variable.</param>
/// <param name="contract">What signatures say.</param>
/// <param name="report">Where findings go.</param>
/// <param name="remember">Whether to keep what Boolean locals hold.</param>
/// <param name="raise">Told the path as it is when an operation throws.</param>
internal sealed partial class OwnershipEvaluation(
    OwnedVariable variable, OwnershipContract contract, OwnershipReport report, bool remember, Action<FlowPath> raise)
{
    /// <summary>A statement.</summary>
    public List<FlowPath> Execute(IOperation operation, List<FlowPath> paths) =>
        [.. paths.SelectMany(path => Evaluate(operation, path)).Select(static result => result.Path).Distinct()];

    /// <summary>What a block ends with: a condition, or what is returned or thrown.</summary>
    public List<FlowResult> Branch(IOperation? value, FlowPath path, bool returns)
    {
        if (value is null)
            return [new(path, FlowValue.Other)];
        List<FlowResult> results = Evaluate(value, path);
        for (int index = 0; index < results.Count; index++)
        {
            if (results[index].Value == FlowValue.Self)
                results[index] = new(returns ? Move(results[index].Path, value) : Use(results[index].Path, value), FlowValue.Other);
        }

        return results;
    }

    private List<FlowResult> Evaluate(IOperation operation, FlowPath path)
    {
        switch (operation)
        {
            case ILiteralOperation { ConstantValue: { HasValue: true, Value: var constant } }:
                return [new(path, constant switch { true => FlowValue.True, false => FlowValue.False, null => FlowValue.Empty, _ => FlowValue.Other })];
            case IDefaultValueOperation:
                return [new(path, contract.IsOwned(operation.Type) ? FlowValue.Empty : FlowValue.Other)];
            case ILocalReferenceOperation or IParameterReferenceOperation or IDeclarationExpressionOperation:
                return [new(path, Read(OwnedVariable.Variable(operation), path))];
            case IFlowCaptureReferenceOperation capture:
                return [new(path, path.Fact(capture.Id))];
            case IFlowCaptureOperation capture:
                return Then(Evaluate(capture.Value, path), result => new(result.Path.With(capture.Id, result.Value), FlowValue.Other));
            case IExpressionStatementOperation statement:
                return Evaluate(statement.Operation, path);
            case IParenthesizedOperation parenthesized:
                return Evaluate(parenthesized.Operand, path);
            case IConversionOperation conversion:
                return Evaluate(conversion.Operand, path);
            case IUnaryOperation { OperatorKind: UnaryOperatorKind.Not } not:
                return Then(EvaluateUse(not.Operand, path), static result => new(result.Path, Negate(result.Value)));
            case ISimpleAssignmentOperation assignment:
                return Assign(assignment, path);
            case IDeconstructionAssignmentOperation deconstruction:
                return Deconstruct(deconstruction, path);
            case IInvocationOperation call:
                return Call(call, call.TargetMethod, call.Instance, call.Arguments, path);
            case IObjectCreationOperation creation:
                return Create(creation, path);
            case IAwaitOperation awaiting:
                return Await(awaiting, path);
            case IPropertyReferenceOperation property:
                return ReadProperty(property, path);
            case IIsNullOperation test:
                return Then(Evaluate(test.Operand, path), result => result.Value == FlowValue.Self ? TestEmpty(result.Path, emptyAnswer: true) : [result]);
            case IIsPatternOperation { Pattern: IConstantPatternOperation { Value.ConstantValue: { HasValue: true, Value: null } } } test:
                return Then(Evaluate(test.Value, path), result => result.Value == FlowValue.Self ? TestEmpty(result.Path, emptyAnswer: true) : [new(result.Path, FlowValue.Other)]);
            case IIsPatternOperation { Pattern: INegatedPatternOperation { Pattern: IConstantPatternOperation { Value.ConstantValue: { HasValue: true, Value: null } } } } test:
                return Then(Evaluate(test.Value, path), result => result.Value == FlowValue.Self ? TestEmpty(result.Path, emptyAnswer: false) : [new(result.Path, FlowValue.Other)]);
            case IBinaryOperation { OperatorKind: BinaryOperatorKind.Equals or BinaryOperatorKind.NotEquals } comparison:
                return Compare(comparison, path);
            case ITupleOperation or IArrayInitializerOperation or IReturnOperation { Kind: OperationKind.YieldReturn }:
                return MoveChildren(operation, path);
            // Neither runs what is inside.
            case INameOfOperation or IFlowAnonymousFunctionOperation or IDelegateCreationOperation { Target: IFlowAnonymousFunctionOperation }:
                return [new(path, FlowValue.Other)];
            default:
                return UseChildren(operation, path);
        }
    }

    private FlowValue Read(ISymbol? symbol, FlowPath path)
    {
        if (symbol is null)
            return FlowValue.Other;
        if (SymbolEqualityComparer.Default.Equals(symbol, variable.Symbol))
            return FlowValue.Self;
        return variable.HasDuty(symbol) ? FlowValue.Owned : path.Fact(symbol);
    }

    private List<FlowResult> UseChildren(IOperation operation, FlowPath path)
    {
        List<FlowPath> paths = [path];
        foreach (IOperation child in operation.ChildOperations)
            paths = [.. paths.SelectMany(before => EvaluateUse(child, before)).Select(static result => result.Path)];
        return [.. paths.Select(static after => new FlowResult(after, FlowValue.Other))];
    }

    // Values that become part of another value move into it.
    private List<FlowResult> MoveChildren(IOperation operation, FlowPath path)
    {
        List<FlowPath> paths = [path];
        foreach (IOperation child in operation.ChildOperations)
            paths = [.. paths.SelectMany(before => Evaluate(child, before)).Select(result => result.Value == FlowValue.Self ? Move(result.Path, child) : result.Path)];
        return [.. paths.Select(static after => new FlowResult(after, FlowValue.Other))];
    }

    private List<FlowResult> EvaluateUse(IOperation operation, FlowPath path) =>
        Then(Evaluate(operation, path), result => result.Value == FlowValue.Self ? new(Use(result.Path, operation), FlowValue.Other) : result);

    private List<FlowResult> Await(IAwaitOperation awaiting, FlowPath path)
    {
        List<FlowResult> results = EvaluateUse(awaiting.Operation, path);
        // What a call moves it has moved when its task succeeds: a TellAsync that fails leaves its message with the sender.
        if (awaiting.Operation is IInvocationOperation)
            raise(path);
        else
            results.ForEach(result => raise(result.Path));
        return results;
    }

    private List<FlowResult> Assign(ISimpleAssignmentOperation assignment, FlowPath path)
    {
        if (IsSelf(assignment.Target, path))
            return Then(Evaluate(assignment.Value, path), result => new(Set(result.Path, result.Value, assignment.Target), FlowValue.Self));

        List<FlowPath> paths = assignment.Target is ILocalReferenceOperation or IParameterReferenceOperation or IDiscardOperation or IFlowCaptureReferenceOperation
            ? [path]
            : [.. UseChildren(assignment.Target, path).Select(static result => result.Path)];
        return [.. paths.SelectMany(before => Evaluate(assignment.Value, before)).Select(result =>
        {
            if (result.Value == FlowValue.Self)
                return new FlowResult(assignment.Target is IDiscardOperation ? Use(result.Path, assignment.Value) : Move(result.Path, assignment.Value), FlowValue.Other);
            ISymbol? local = remember ? (assignment.Target as ILocalReferenceOperation)?.Local : null;
            bool isBoolean = assignment.Type?.SpecialType == SpecialType.System_Boolean;
            return new FlowResult(local is not null && isBoolean ? result.Path.With(local, result.Value) : result.Path, result.Value);
        })];
    }

    // A temporary may stand for the place that is written.
    private bool IsSelf(IOperation target, FlowPath path) =>
        target is IFlowCaptureReferenceOperation capture ? path.Fact(capture.Id) == FlowValue.Self : IsSelf(target);

    private List<FlowResult> Deconstruct(IDeconstructionAssignmentOperation deconstruction, FlowPath path)
    {
        bool receives = deconstruction.Target.DescendantsAndSelf().Any(target =>
            SymbolEqualityComparer.Default.Equals(OwnedVariable.Variable(target), variable.Symbol));
        List<FlowResult> results = EvaluateUse(deconstruction.Value, path);
        return receives ? Then(results, result => new(Set(result.Path, FlowValue.Other, deconstruction.Target), FlowValue.Other)) : results;
    }

    private List<FlowResult> Compare(IBinaryOperation comparison, FlowPath path) => Then(Evaluate(comparison.LeftOperand, path), left =>
        Then(Evaluate(comparison.RightOperand, left.Path), right =>
        {
            bool isTest = comparison.OperatorMethod is null
                && ((left.Value == FlowValue.Self && right.Value == FlowValue.Empty) || (left.Value == FlowValue.Empty && right.Value == FlowValue.Self));
            if (isTest)
                return TestEmpty(right.Path, comparison.OperatorKind == BinaryOperatorKind.Equals);
            bool uses = left.Value == FlowValue.Self || right.Value == FlowValue.Self;
            return [new(uses ? Use(right.Path, comparison) : right.Path, FlowValue.Other)];
        }));

    private List<FlowResult> ReadProperty(IPropertyReferenceOperation property, FlowPath path)
    {
        if (property.Instance is null || !contract.IsOwned(property.Instance.Type))
        {
            List<FlowResult> read = UseChildren(property, path);
            raise(path);
            return read;
        }

        return Then(Evaluate(property.Instance, path), receiver =>
        {
            if (receiver.Value != FlowValue.Self)
                return [new(receiver.Path, FlowValue.Other)];
            FlowPath used = Use(receiver.Path, property.Instance);
            if (contract.EmptyWhen(property.Property) is { } answer)
                return TestEmpty(used, answer);
            List<FlowPath> paths = [used];
            foreach (IArgumentOperation argument in property.Arguments)
                paths = [.. paths.SelectMany(before => EvaluateUse(argument.Value, before)).Select(static result => result.Path)];
            return [.. paths.Select(static after => new FlowResult(after, FlowValue.Other))];
        });
    }

    // One who owns something is not empty; of what came from elsewhere nobody knows.
    private List<FlowResult> TestEmpty(FlowPath path, bool emptyAnswer)
    {
        FlowResult empty = new(path.In(OwnershipState.Empty, path.Site), emptyAnswer ? FlowValue.True : FlowValue.False);
        FlowResult full = new(path, emptyAnswer ? FlowValue.False : FlowValue.True);
        return path.State switch
        {
            OwnershipState.Empty => [empty],
            OwnershipState.Unknown or OwnershipState.Lent => [empty, full],
            _ => [full],
        };
    }

    private FlowPath Use(FlowPath path, IOperation operation)
    {
        if (!path.IsGone)
            return path;
        report.UseAfterMove(path, operation.Syntax.GetLocation());
        // Said once; what follows from it is not said again.
        return path.In(OwnershipState.Unknown, path.Site);
    }

    private FlowPath Move(FlowPath path, IOperation operation, OwnershipState into = OwnershipState.Moved)
    {
        FlowPath used = Use(path, operation);
        FlowPath moved = used.In(into, operation.Syntax.GetLocation());
        if (used.State == OwnershipState.Lent)
        {
            report.MovedAgainstContract(moved, "its caller keeps it");
            return used.In(OwnershipState.Unknown, path.Site);
        }

        return moved;
    }

    private FlowPath Set(FlowPath path, FlowValue value, IOperation target)
    {
        if (value == FlowValue.Self)
            return path;
        Location place = Place(target);
        if (path.State == OwnershipState.Owned)
            report.NotDisposed(path, $"when it is overwritten in line {OwnershipReport.Line(place)}");
        return path.In(value switch { FlowValue.Owned => OwnershipState.Owned, FlowValue.Empty => OwnershipState.Empty, _ => OwnershipState.Unknown }, place);
    }

    // Of a declaration, the name.
    private Location Place(IOperation target)
    {
        Location declared = variable.Symbol.Locations[0];
        return target.Syntax.Span.Contains(declared.SourceSpan) && target.Syntax.SyntaxTree == declared.SourceTree ? declared : target.Syntax.GetLocation();
    }

    private static FlowValue Negate(FlowValue value) => value switch
    {
        FlowValue.True => FlowValue.False,
        FlowValue.False => FlowValue.True,
        _ => FlowValue.Other,
    };

    private static List<FlowResult> Then(List<FlowResult> results, Func<FlowResult, FlowResult> next) => [.. results.Select(next)];

    private static List<FlowResult> Then(List<FlowResult> results, Func<FlowResult, List<FlowResult>> next) => [.. results.SelectMany(next)];
}
