namespace Troupe.Drivers.Xen;

/// <summary>The other end of a ring broke its protocol.</summary>
public sealed class XenViolationException : Exception
{
    /// <summary>Creates the exception.</summary>
    public XenViolationException()
    {
    }

    /// <summary>Creates the exception with what happened.</summary>
    public XenViolationException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with what happened and why.</summary>
    public XenViolationException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
