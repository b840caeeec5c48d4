namespace Troupe.Actors;

/// <summary>
/// The author vouches that values of the type, or what the field or property holds, can be shared by actors although the
/// compiler cannot see it: they are immutable behind a façade, or thread-safe on purpose.
/// </summary>
/// <param name="reason">Why it is safe. Required, and read by reviewers.</param>
[AttributeUsage(
    AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface | AttributeTargets.Delegate | AttributeTargets.Field | AttributeTargets.Property,
    Inherited = false)]
public sealed class SendableByContractAttribute(string reason) : Attribute
{
    /// <summary>Why it is safe.</summary>
    public string Reason { get; } = reason;
}
