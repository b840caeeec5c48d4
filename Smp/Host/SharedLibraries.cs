// dlopen and dlerror (POSIX.1-2017), for a program that has no dynamic loader.
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Troupe.Smp.Host;

/// <summary>
/// An image has no shared libraries: looking for one fails, and what <see cref="Explain"/> answers becomes the message of the DllNotFoundException
/// that whoever needs the library gets. These stand in the place of the C library's own.
/// </summary>
/// <remarks>Called from native code, perhaps before the runtime is up: no helper of the runtime may be called.</remarks>
internal static unsafe class SharedLibraries
{
    private static ReadOnlySpan<byte> OpenSsl => "OpenSsl"u8;

    private static bool _openSslWanted;

    [RuntimeExport("dlopen")]
    internal static nint Open(byte* name, int flags)
    {
        _openSslWanted = name != null && Mentions(name);
        return 0;
    }

    [RuntimeExport("dlerror")]
    internal static byte* Explain() => Text(_openSslWanted
        ? "this image has no OpenSSL, which hashes, ciphers, certificates and TLS need (RandomNumberGenerator does not): set <TroupeOpenSsl>true</TroupeOpenSsl> in the app's project file\0"u8
        : "an image has no shared libraries\0"u8);

    private static bool Mentions(byte* name)
    {
        byte* word = Text(OpenSsl);
        for (; *name != 0; name++)
        {
            int matched = 0;
            while (matched < OpenSsl.Length && name[matched] == word[matched])
            {
                matched++;
            }

            if (matched == OpenSsl.Length)
            {
                return true;
            }
        }

        return false;
    }

    private static byte* Text(ReadOnlySpan<byte> literal) => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(literal));
}
