namespace Troupe.Drivers.Rtl8139;

/// <summary>
/// The card said something that cannot be, or does not answer. Nothing it wrote since can be believed; the driver counts it and resets the card.
/// </summary>
public sealed class Rtl8139Exception : Exception
{
    /// <summary>Creates the exception with what was found.</summary>
    public Rtl8139Exception(string message) : base(message)
    {
    }
}
