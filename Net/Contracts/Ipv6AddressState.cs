namespace Troupe.Net.Contracts;

/// <summary>RFC 4862 2: how far an address is ours.</summary>
public enum Ipv6AddressState : byte
{
    /// <summary>It is being found out whether somebody else has it.</summary>
    Tentative,

    /// <summary>It is ours.</summary>
    Preferred,

    /// <summary>It is ours, but nothing new should begin with it.</summary>
    Deprecated,

    /// <summary>Somebody else has it.</summary>
    Duplicate,
}
