namespace Troupe.Actors;

/// <summary>
/// A property of an <see cref="OwnedAttribute">owned</see> type that tells the default value, which owns nothing, from the
/// others: it is empty when the property answers <see cref="Value"/>.
/// </summary>
/// <param name="value">The answer of an empty value.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class EmptyWhenAttribute(bool value) : Attribute
{
    /// <summary>The answer of an empty value.</summary>
    public bool Value { get; } = value;
}
