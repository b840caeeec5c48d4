namespace Troupe.Smp.SystemNative;

/// <summary>Where the composition root plugs in who serves the class library's socket calls.</summary>
public static class SocketServices
{
    /// <summary>The number of the first descriptor of a socket: above any that a file can have, so that whose a descriptor is takes one comparison.</summary>
    public const nint FirstDescriptor = 0x4000_0000;

    // pal_errno.h.
    internal const int NetworkDown = 0x10026;
    internal const int BadDescriptor = 0x10008;
    internal const int BadAddress = 0x10015;
    internal const int InvalidArgument = 0x1001C;
    internal const int NotSupported = 0x1003D;
    internal const int NoProtocolOption = 0x10033;
    internal const int MessageTooLong = 0x10023;
    internal const int InputOutput = 0x1001D;
    internal const int NoMemory = 0x10031;
    internal const int AddressFamilyNotSupported = 0x10005;

    private static Func<ISocketCalls?>? s_provider;
    private static ISocketCalls? s_calls;
    private static int s_reported;

    /// <summary>Plugs in who serves. The first call of a program asks for it; that call may wait until the network has started.</summary>
    public static void Install(Func<ISocketCalls?> provider) => Volatile.Write(ref s_provider, provider);

    /// <summary>Who serves; null: there is no network.</summary>
    internal static ISocketCalls? Calls => Volatile.Read(ref s_calls) ?? Ask();

    /// <summary>Whether a descriptor is a socket's.</summary>
    internal static bool Owns(nint descriptor) => descriptor >= FirstDescriptor;

    /// <summary>
    /// What a call answers that threw: that is a mistake of the network's, or memory has run out. An exception that left the face would end the program,
    /// so the first is printed.
    /// </summary>
    internal static int Failed(Exception exception)
    {
        if (exception is not OutOfMemoryException && Interlocked.Exchange(ref s_reported, 1) == 0)
            Console.Error.WriteLine($"A socket call failed, and answered with an I/O error: {exception}");
        return exception is OutOfMemoryException ? NoMemory : InputOutput;
    }

    private static ISocketCalls? Ask()
    {
        ISocketCalls? calls = Volatile.Read(ref s_provider)?.Invoke();
        return calls is null ? null : Interlocked.CompareExchange(ref s_calls, calls, null) ?? calls;
    }
}
