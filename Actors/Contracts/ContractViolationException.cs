namespace Troupe.Actors;

/// <summary>A party sent what its contract does not allow in the state the conversation is in.</summary>
public sealed class ContractViolationException : InvalidOperationException
{
    internal ContractViolationException(string contract, string party, string message, string state, string where)
        : base($"Contract '{contract}': {party} sent {message} in state {state}; {where}")
    {
        Contract = contract;
        Party = party;
        SentMessage = message;
        State = state;
    }

    /// <summary>Which contract.</summary>
    public string Contract { get; }

    /// <summary>Who sent it.</summary>
    public string Party { get; }

    /// <summary>What was sent.</summary>
    public string SentMessage { get; }

    /// <summary>The state it was sent in.</summary>
    public string State { get; }
}
