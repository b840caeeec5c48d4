using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Troupe.Actors.Analyzers;

/// <summary>
/// What a chain <c>new Contract&lt;TState, TMessage&gt;(...).Party(...).Permit(...).Allow(...)</c> of constants declares. Sets of states are bits,
/// one a state, in the order in which the chain names them.
/// </summary>
internal sealed class ContractDeclaration
{
    private const int MostStates = 64;

    private readonly INamedTypeSymbol _contract;
    private readonly List<State> _states = [];
    private readonly Dictionary<object, int> _indices = [];
    private readonly Dictionary<object, Sent> _sent = [];
    private readonly List<ContractFault> _faults = [];
    private ImmutableArray<ITypeSymbol> _enums;

    private ContractDeclaration(INamedTypeSymbol contract) => _contract = contract;

    public string Name { get; private set; } = string.Empty;

    /// <summary>Where every conversation begins.</summary>
    public ulong Initial => 1;

    /// <summary>Where a conversation may be when nothing else is known of it.</summary>
    public ulong Everything => Reach(Initial);

    /// <summary>Whether the declaration fails at run time, so that nothing can be observed.</summary>
    public bool Fails { get; private set; }

    /// <summary>What is wrong with the declaration itself.</summary>
    public IReadOnlyList<ContractFault> Faults => _faults;

    /// <summary>Null if it is no chain, or not one of constants.</summary>
    public static ContractDeclaration? Read(IOperation? chain, INamedTypeSymbol contract)
    {
        var declaration = new ContractDeclaration(contract);
        if (!declaration.Follow(chain))
            return null;
        if (!declaration.Fails)
            declaration.FindDead();
        return declaration;
    }

    /// <summary>The states that a conversation in one of these may ever be in.</summary>
    public ulong Reach(ulong states)
    {
        for (ulong before = 0; before != states;)
        {
            before = states;
            foreach (State state in Of(before))
                states = state.Next.Values.Aggregate(states, static (all, next) => all | 1UL << next);
        }

        return states;
    }

    /// <summary>Where a message leads from those of the states in which it is legal.</summary>
    public ulong After(ulong states, object message)
    {
        ulong after = 0;
        foreach (State state in Of(states))
        {
            if (state.Next.TryGetValue(message, out int next))
                after |= 1UL << next;
        }

        return after;
    }

    /// <summary>Why a message that is legal in none of the states is not, and what to do.</summary>
    public (string Message, string Why, string Advice) Explain(ulong states, object message)
    {
        if (!_sent.TryGetValue(message, out Sent? sent))
            return (NameOf(1, message), "no party sends it", "declare it with Party, and with Permit or Allow where it is legal");
        State[] legal = [.. Of(Everything).Where(state => state.Next.ContainsKey(message))];
        if (legal.Length == 0)
            return (sent.Name, "it is legal in no state", "declare with Permit or Allow where it is");
        string here = string.Join(" or ", Of(states).Select(state =>
            $"{state.Name} ({(state.Next.Count == 0 ? "nothing is legal there" : "legal: " + string.Join(", ", state.Next.Keys.Select(key => $"{_sent[key].Party} {_sent[key].Name}")))})"));
        return (sent.Name, $"the conversation is in {here}", $"{sent.Party} may send it in {string.Join(" or ", legal.Select(static state => state.Name))}, so observe what leads there first, or let the contract permit it here");
    }

    private bool Follow(IOperation? operation) => operation switch
    {
        IConversionOperation { OperatorMethod: null } conversion => Follow(conversion.Operand),
        IObjectCreationOperation { Initializer: null } creation when IsContract(creation.Type) => Begin(creation),
        IInvocationOperation { Instance: { } before } call when IsContract(call.TargetMethod.ContainingType) => Follow(before) && Apply(call),
        _ => false,
    };

    private bool IsContract(ITypeSymbol? type) => SymbolEqualityComparer.Default.Equals(type?.OriginalDefinition, _contract);

    private bool Begin(IObjectCreationOperation creation)
    {
        _enums = ((INamedTypeSymbol)creation.Type!).TypeArguments;
        if (Argument(creation.Arguments, 0)?.ConstantValue.Value is not string name || !TryState(Argument(creation.Arguments, 1), out _))
            return false;
        Name = name;
        return true;
    }

    private bool Apply(IInvocationOperation call)
    {
        switch (call.TargetMethod.Name)
        {
            case "Party":
                return Argument(call.Arguments, 0)?.ConstantValue.Value is string party && TryList(Argument(call.Arguments, 1), message => Send(party, message));
            case "Allow":
                return TryState(Argument(call.Arguments, 0), out int state) && TryList(Argument(call.Arguments, 1), message => Permit(state, message, state));
            case "Permit":
                return TryState(Argument(call.Arguments, 0), out int from) && TryState(Argument(call.Arguments, 2), out int next, isSource: false)
                    && Argument(call.Arguments, 1) is { ConstantValue: { HasValue: true, Value: not null } } permitted && Permit(from, permitted, next);
            default:
                return false;
        }
    }

    private bool Send(string party, IOperation message)
    {
        object value = message.ConstantValue.Value!;
        if (_sent.TryGetValue(value, out Sent? before))
            Fail(message, $"'{before.Name}' is sent by {before.Party} already", "give each party's messages names of their own");
        else
            _sent.Add(value, new(party, NameOf(1, value), message));
        return true;
    }

    private bool Permit(int state, IOperation message, int next)
    {
        object value = message.ConstantValue.Value!;
        if (!_sent.TryGetValue(value, out Sent? sent))
            Fail(message, $"nobody sends '{NameOf(1, value)}' yet", "declare it with Party before the states");
        else if (_states[state].Next.ContainsKey(value))
            Fail(message, $"'{sent.Name}' in state {_states[state].Name} is declared already", "declare it once");
        else
            _states[state].Next.Add(value, next);
        return true;
    }

    private void Fail(IOperation at, string what, string advice)
    {
        Fails = true;
        _faults.Add(new(at.Syntax.GetLocation(), what, advice));
    }

    // States and messages of no use: they fail nothing, but whoever reads the contract believes in them.
    private void FindDead()
    {
        ulong reached = Everything;
        for (int index = 0; index < _states.Count; index++)
        {
            if ((reached & 1UL << index) == 0 && _states[index].Source is { } source)
                _faults.Add(new(source.Syntax.GetLocation(), $"no conversation reaches state '{_states[index].Name}'", "permit a message that leads to it, or take it out"));
        }

        foreach (Sent sent in _sent.Where(sent => !_states.Any(state => state.Next.ContainsKey(sent.Key))).Select(static sent => sent.Value))
            _faults.Add(new(sent.Site.Syntax.GetLocation(), $"'{sent.Name}' of {sent.Party} is legal in no state", "permit or allow it where it may be sent, or take it out"));
    }

    private bool TryState(IOperation? operation, out int index, bool isSource = true)
    {
        index = 0;
        if (operation is not { ConstantValue: { HasValue: true, Value: { } value } })
            return false;
        if (!_indices.TryGetValue(value, out index))
        {
            if (_states.Count == MostStates)
                return false;
            index = _states.Count;
            _indices.Add(value, index);
            _states.Add(new(NameOf(0, value)));
        }

        if (isSource)
            _states[index].Source ??= operation;
        return true;
    }

    private static bool TryList(IOperation? operation, Func<IOperation, bool> take)
    {
        while (operation is IConversionOperation { OperatorMethod: null } conversion)
            operation = conversion.Operand;
        return operation is ICollectionExpressionOperation list && list.Elements.All(element => element.ConstantValue is { HasValue: true, Value: not null } && take(element));
    }

    private static IOperation? Argument(IEnumerable<IArgumentOperation> arguments, int ordinal) =>
        arguments.FirstOrDefault(argument => argument.Parameter?.Ordinal == ordinal)?.Value;

    // The names are of the type arguments: 0 the states, 1 the messages.
    private string NameOf(int argument, object value) =>
        _enums[argument].GetMembers().OfType<IFieldSymbol>().FirstOrDefault(field => Equals(field.ConstantValue, value))?.Name ?? value.ToString();

    private IEnumerable<State> Of(ulong states)
    {
        for (int index = 0; index < _states.Count; index++)
        {
            if ((states & 1UL << index) != 0)
                yield return _states[index];
        }
    }

    private sealed class State(string name)
    {
        public string Name { get; } = name;

        /// <summary>Where it is first said what is legal in it.</summary>
        public IOperation? Source { get; set; }

        /// <summary>The messages that are legal, and the states that they lead to.</summary>
        public Dictionary<object, int> Next { get; } = [];
    }

    private sealed class Sent(string party, string name, IOperation site)
    {
        public string Party { get; } = party;

        public string Name { get; } = name;

        public IOperation Site { get; } = site;
    }
}
