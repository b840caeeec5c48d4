namespace Troupe.Apps.Storage;

/// <summary>The store could not do what it was asked to; the message says why. The answer to an ask carries it.</summary>
public class StoreException : Exception
{
    /// <summary>Creates the exception with the reason.</summary>
    public StoreException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with the reason and what caused it.</summary>
    public StoreException(string message, Exception cause) : base(message, cause)
    {
    }
}

/// <summary>There is no room for the record: what lives would be more than <see cref="LogStoreStatistics.Capacity"/>. Deleting makes room.</summary>
public sealed class StoreFullException : StoreException
{
    /// <summary>Creates the exception with the reason.</summary>
    public StoreFullException(string message) : base(message)
    {
    }
}
