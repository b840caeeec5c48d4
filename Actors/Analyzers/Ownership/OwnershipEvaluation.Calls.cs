using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.FlowAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Troupe.Actors.Analyzers;

// What calls do to the followed variable, as instance and as argument.
internal sealed partial class OwnershipEvaluation
{
    private List<FlowResult> Create(IObjectCreationOperation creation, FlowPath path)
    {
        if (creation is { Arguments.IsEmpty: true, Type.IsValueType: true, Initializer: null } && contract.IsOwned(creation.Type))
            return [new(path, FlowValue.Empty)];
        FlowValue made = contract.IsOwned(creation.Type) ? FlowValue.Owned : FlowValue.Other;
        List<FlowResult> results = Call(creation, creation.Constructor, null, creation.Arguments, path);
        return creation.Initializer is { } initializer
            ? Then(results, result => Then(UseChildren(initializer, result.Path), after => new(after.Path, made)))
            : Then(results, result => new(result.Path, made));
    }

    private List<FlowResult> Call(IOperation call, IMethodSymbol? method, IOperation? instance, ImmutableArray<IArgumentOperation> arguments, FlowPath path)
    {
        var started = new PendingCall(path);
        List<PendingCall> pending = instance is null ? [started] : [.. Evaluate(instance, path).Select(result => new PendingCall(result.Path) { IsInstance = result.Value == FlowValue.Self })];
        foreach (IArgumentOperation argument in arguments)
            pending = [.. pending.SelectMany(before => Pass(argument, before))];

        bool disposes = method is not null && OwnershipContract.IsDisposal(method) && pending.Any(static state => state.IsInstance);
        // Whoever fails has not taken what it was given. Giving something back does not fail.
        if (!disposes)
            raise(path);
        if (method is not null && OwnershipContract.DoesNotReturn(method))
            return [];
        return [.. pending.SelectMany(state => Return(call, method, state, disposes))];
    }

    private IEnumerable<PendingCall> Pass(IArgumentOperation argument, PendingCall before)
    {
        IParameterSymbol? parameter = argument.Parameter;
        bool? movesWhen = parameter is null ? null : contract.MovesWhen(parameter);
        foreach (FlowResult result in Evaluate(argument.Value, before.Path))
        {
            if (result.Value != FlowValue.Self || parameter is null)
            {
                // A message made for this call carries what it was made of, and gives it back with itself.
                bool carries = movesWhen is not null && result.Path.State == OwnershipState.Moved && before.Path.State != OwnershipState.Moved && IsMade(argument.Value);
                yield return carries ? before.After(result.Path, movesWhen, before.Path) : before.After(result.Path);
                continue;
            }

            switch (parameter.RefKind)
            {
                case RefKind.Out:
                    yield return new PendingCall(before, result.Path) { Handed = argument, IsHandedBorrowed = contract.IsBorrowed(parameter) };
                    break;
                case RefKind.Ref:
                    yield return new PendingCall(before, Use(result.Path, argument.Value)) { IsReplaced = true };
                    break;
                case var _ when movesWhen is null && contract.IsLent(parameter):
                    yield return before.After(Use(result.Path, argument.Value));
                    break;
                default:
                    // Later arguments may still look at it: it moves with the call.
                    yield return before.Moving(result.Path, argument.Value, movesWhen);
                    break;
            }
        }
    }

    private IEnumerable<FlowResult> Return(IOperation call, IMethodSymbol? method, PendingCall state, bool disposes)
    {
        FlowPath path = state.Path;
        Location site = call.Syntax.GetLocation();
        if (state.IsInstance)
            path = disposes ? Move(path, call, OwnershipState.Disposed) : Use(path, call is IInvocationOperation { Instance: { } instance } ? instance : call);
        FlowPath? kept = state.Kept;
        foreach (IOperation moved in state.Moves)
        {
            FlowPath before = Use(path, moved);
            kept ??= state.MovesWhen is null ? null : before;
            path = Move(before, moved);
        }

        bool answers = method is not null && OwnershipContract.AnswersBoolean(method);
        if (state.Handed is { } handed)
        {
            FlowPath got = Set(path, state.IsHandedBorrowed ? FlowValue.Other : FlowValue.Owned, handed.Value);
            if (!answers)
                return [new(got, Value(call, method))];
            // A method that answers yes or no hands something out with its yes.
            return [new(got, FlowValue.True), new(Set(path, FlowValue.Empty, handed.Value), FlowValue.False)];
        }

        if (state.IsReplaced && path.State != OwnershipState.Unknown)
            return [new(path.In(OwnershipState.Owned, site), FlowValue.Other), new(path.In(OwnershipState.Empty, site), FlowValue.Other)];
        if (kept is not null && answers)
            return [new(path, state.MovesWhen == true ? FlowValue.True : FlowValue.False), new(path.In(kept), state.MovesWhen == true ? FlowValue.False : FlowValue.True)];
        return [new(path, Value(call, method))];
    }

    private FlowValue Value(IOperation call, IMethodSymbol? method)
    {
        // A task's value is awaited later.
        ITypeSymbol? type = OwnershipContract.Awaited(call.Type) ?? call.Type;
        return contract.IsOwned(type) && method is not null && !contract.IsBorrowed(method) ? FlowValue.Owned : FlowValue.Other;
    }

    // Made by a constructor or a factory, of the variable itself or of something made of it.
    private bool IsMade(IOperation value) => value switch
    {
        IConversionOperation conversion => IsMade(conversion.Operand),
        IObjectCreationOperation creation => creation.Arguments.Any(argument => IsSelf(argument.Value) || IsMade(argument.Value)),
        IInvocationOperation call => call.Type?.SpecialType == SpecialType.None && call.Arguments.Any(argument => IsSelf(argument.Value) || IsMade(argument.Value)),
        ITupleOperation tuple => tuple.Elements.Any(element => IsSelf(element) || IsMade(element)),
        // A temporary: made before, on this path.
        IFlowCaptureReferenceOperation => true,
        _ => false,
    };

    private bool IsSelf(IOperation operation) => SymbolEqualityComparer.Default.Equals(OwnedVariable.Variable(operation), variable.Symbol);

    /// <summary>A call whose arguments are evaluated as far as some one of them.</summary>
    private sealed class PendingCall
    {
        public PendingCall(FlowPath path) => Path = path;

        public PendingCall(PendingCall before, FlowPath path)
        {
            Path = path;
            IsInstance = before.IsInstance;
            Handed = before.Handed;
            IsHandedBorrowed = before.IsHandedBorrowed;
            IsReplaced = before.IsReplaced;
            Moves = before.Moves;
            MovesWhen = before.MovesWhen;
            Kept = before.Kept;
        }

        public FlowPath Path { get; }

        /// <summary>The variable is the instance.</summary>
        public bool IsInstance { get; set; }

        /// <summary>The argument by which something is handed out into the variable.</summary>
        public IArgumentOperation? Handed { get; set; }

        public bool IsHandedBorrowed { get; set; }

        /// <summary>It is passed by reference, and may hold something else afterwards.</summary>
        public bool IsReplaced { get; set; }

        /// <summary>The arguments with which it moves.</summary>
        public ImmutableArray<IOperation> Moves { get; private set; } = [];

        /// <summary>The answer that moves it.</summary>
        public bool? MovesWhen { get; private set; }

        /// <summary>How it stands with the other answer, if it has moved into a message already.</summary>
        public FlowPath? Kept { get; private set; }

        public PendingCall After(FlowPath path) => new(this, path);

        public PendingCall Moving(FlowPath path, IOperation argument, bool? movesWhen) =>
            new(this, path) { Moves = Moves.Add(argument), MovesWhen = movesWhen ?? MovesWhen };

        public PendingCall After(FlowPath path, bool? movesWhen, FlowPath kept) => new(this, path) { MovesWhen = movesWhen, Kept = kept };
    }
}
