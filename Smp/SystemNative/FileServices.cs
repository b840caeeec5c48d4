using System.Runtime.InteropServices;
using System.Text;

namespace Troupe.Smp.SystemNative;

/// <summary>Where the composition root plugs in who serves the class library's file calls. Without it, and for paths that are not served, they are the kernel's.</summary>
public static unsafe class FileServices
{
    /// <summary>The number of the first descriptor of a file that is served: below those of sockets, above those of files about the network and of any that the kernel gives.</summary>
    public const nint FirstDescriptor = 0x3000_0000;

    // errno.h of Linux.
    private const int InputOutput = 5;
    private const int NoMemory = 12;

    // limits.h of Linux, PATH_MAX: who serves is shown one more, and refuses it.
    private const int LongestPath = 4096;

    private static IFileCalls? s_calls;
    private static int s_reported;

    /// <summary>Plugs in who serves. From now on, paths that it owns are its own.</summary>
    public static void Install(IFileCalls calls) => Volatile.Write(ref s_calls, calls);

    /// <summary>Who serves; null: nobody.</summary>
    internal static IFileCalls? Calls => Volatile.Read(ref s_calls);

    /// <summary>Who serves a path; null: the kernel.</summary>
    internal static IFileCalls? Of(byte* path, out string name)
    {
        name = "";
        if (Calls is not { } calls)
            return null;
        try
        {
            name = NameOf(path);
            return calls.Owns(name) ? calls : null;
        }
        catch (Exception exception)
        {
            Report(exception);
            return null;
        }
    }

    /// <summary>Who serves a descriptor; null: it is another's.</summary>
    internal static IFileCalls? Of(nint descriptor) => descriptor is >= FirstDescriptor and < SocketServices.FirstDescriptor ? Calls : null;

    /// <summary>The text of a path.</summary>
    internal static string NameOf(byte* path)
    {
        int length = 0;
        while (length <= LongestPath && path[length] != 0)
            length++;
        return Encoding.UTF8.GetString(path, length);
    }

    /// <summary>What C answers: the result, or -1 and errno.</summary>
    internal static long Answer(long result)
    {
        if (result >= 0)
            return result;
        Marshal.SetLastSystemError((int)-result);
        return -1;
    }

    /// <summary>The same for a call that threw: that is a mistake of ours, or memory has run out. An exception that left the face would end the program, so the first is printed.</summary>
    internal static long Failed(Exception exception)
    {
        Report(exception);
        return Answer(exception is OutOfMemoryException ? -NoMemory : -InputOutput);
    }

    private static void Report(Exception exception)
    {
        if (exception is not OutOfMemoryException && Interlocked.Exchange(ref s_reported, 1) == 0)
            Console.Error.WriteLine($"A file call failed, and answered with an I/O error: {exception}");
    }
}
