using System.Diagnostics;
using System.Runtime.CompilerServices;
using Stateless;
using Stateless.Graph;

namespace Troupe.Actors;

/// <summary>
/// A protocol between two parties: who may send what in which state, and what it leads to. Declared once; exported as a graph for the documentation
/// (<see cref="ToMermaid"/>), and in debug builds a monitor that ends the turn in which a party breaks it (<see cref="Observe"/>).
/// </summary>
/// <remarks>
/// <para>
/// <b>One machine per protocol, a state per conversation.</b> What a message does is looked up in the table that the machine is declared with; the machine is the graph and is not fired. So
/// conversations share nothing that changes: none waits for another, and one whose threads were ended in the middle, as Coyote ends them, leaves nothing to the next.
/// </para>
/// <para>
/// <b>Absent from release.</b> <see cref="Observe"/> is conditional on DEBUG where it is called, so a release build has no call, no state and, published
/// ahead of time, no code of the monitor.
/// </para>
/// </remarks>
/// <typeparam name="TState">The states of a conversation.</typeparam>
/// <typeparam name="TMessage">What the parties send, both of them.</typeparam>
public sealed class Contract<TState, TMessage>
    where TState : struct, Enum
    where TMessage : struct, Enum
{
    private readonly Dictionary<TMessage, string> _senders = [];
    private readonly Dictionary<(TState State, TMessage Message), TState> _transitions = [];
    private readonly ConditionalWeakTable<object, Conversation> _conversations = [];
    private readonly ConditionalWeakTable<object, Conversation>.CreateValueCallback _begin;
    private readonly StateMachine<TState, string> _machine;

    /// <summary>A contract in which nothing is legal yet.</summary>
    /// <param name="name">What it is about, for reports.</param>
    /// <param name="initial">Where every conversation begins.</param>
    public Contract(string name, TState initial)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
        Initial = initial;
        _begin = _ => new Conversation { State = initial };
        _machine = new StateMachine<TState, string>(initial);
    }

    /// <summary>What it is about.</summary>
    public string Name { get; }

    /// <summary>Where every conversation begins.</summary>
    public TState Initial { get; }

    /// <summary>Declares a party and what it alone sends. Comes before the states.</summary>
    public Contract<TState, TMessage> Party(string name, params ReadOnlySpan<TMessage> sends)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        foreach (TMessage message in sends)
        {
            if (!_senders.TryAdd(message, name))
                throw new ArgumentException($"{message} is sent by {_senders[message]} already; give each party's messages names of their own.", nameof(sends));
        }

        return this;
    }

    /// <summary>Makes messages legal in a state, which they do not change.</summary>
    public Contract<TState, TMessage> Allow(TState state, params ReadOnlySpan<TMessage> messages)
    {
        foreach (TMessage message in messages)
        {
            string trigger = Declare(state, message, next: state);
            _machine.Configure(state).Ignore(trigger);
        }

        return this;
    }

    /// <summary>Makes a message legal in a state, which it changes.</summary>
    public Contract<TState, TMessage> Permit(TState state, TMessage message, TState next)
    {
        if (EqualityComparer<TState>.Default.Equals(state, next))
            return Allow(state, message);
        _machine.Configure(state).Permit(Declare(state, message, next), next);
        return this;
    }

    /// <summary>Who sends it.</summary>
    public string SenderOf(TMessage message) =>
        _senders.TryGetValue(message, out string? sender) ? sender : throw new ArgumentException($"{Name}: nobody sends {message}; declare it with {nameof(Party)}.", nameof(message));

    /// <summary>Whether the message may be sent in that state.</summary>
    public bool IsLegal(TState state, TMessage message) => _transitions.ContainsKey((state, message));

    /// <summary>The contract as a Mermaid state diagram: each arrow says who sends what.</summary>
    public string ToMermaid() => MermaidGraph.Format(_machine.GetInfo());

    /// <summary>
    /// A party sent a message. Called where it is certain that it did, in the order in which the conversation takes place: most often by the one party that sees
    /// both directions.
    /// </summary>
    /// <param name="conversation">The object that the conversation is about; its state lives as long.</param>
    /// <param name="message">What was sent.</param>
    /// <exception cref="ContractViolationException">It is not legal in the state of the conversation, which stays as it is.</exception>
    [Conditional("DEBUG")]
    public void Observe(object conversation, TMessage message)
    {
        ArgumentNullException.ThrowIfNull(conversation);
        Conversation current = _conversations.GetValue(conversation, _begin);
        lock (current)
        {
            if (!_transitions.TryGetValue((current.State, message), out TState next))
                throw Violation(conversation, current.State, message);
            current.State = next;
        }
    }

    private string Declare(TState state, TMessage message, TState next)
    {
        string trigger = $"{SenderOf(message)} {message}";
        if (!_transitions.TryAdd((state, message), next))
            throw new ArgumentException($"{Name}: {trigger} in {state} is declared already.", nameof(message));
        return trigger;
    }

    private ContractViolationException Violation(object conversation, TState state, TMessage message)
    {
        IEnumerable<string> legal = _transitions.Keys.Where(key => EqualityComparer<TState>.Default.Equals(key.State, state)).Select(key => $"{SenderOf(key.Message)} {key.Message}");
        string? actor = (SynchronizationContext.Current as ActorCell)?.Path;
        return new ContractViolationException(
            Name, SenderOf(message), $"{message}", $"{state}",
            $"{conversation}{(actor is null ? "" : $", in a turn of {actor}")}. Legal there: {string.Join(", ", legal)}.");
    }

    private sealed class Conversation
    {
        internal TState State;
    }
}
