// The few entry points of dotnet/runtime's src/native/libs/System.Security.Cryptography.Native that stand before RandomNumberGenerator.
using System.Runtime.InteropServices;

namespace Troupe.Smp.Host;

/// <summary>
/// RandomNumberGenerator without OpenSSL. On Linux the class library reaches even its random numbers through OpenSSL; an image serves these calls
/// from the kernel's generator, and leaves all others to be looked up when first called, which fails by an exception (<see cref="SharedLibraries"/>).
/// Tools/Build/Troupe.App.targets binds the class library's names to these; an image built with TroupeOpenSsl has the real ones instead.
/// </summary>
internal static unsafe class OpenSslFaces
{
    private const string CLibrary = "libc";

    // OpenSSL's EVP_MAX_MD_SIZE: a buffer size that is read before anything is hashed.
    private const int LongestDigest = 64;

    [UnmanagedCallersOnly(EntryPoint = "troupe_openssl_ensure_initialized")]
    internal static int EnsureInitialized() => 0;

    [UnmanagedCallersOnly(EntryPoint = "troupe_openssl_longest_digest")]
    internal static int GetLongestDigest() => LongestDigest;

    /// <summary>Answers 1, as OpenSSL's RAND_bytes does; 0: the class library throws.</summary>
    [UnmanagedCallersOnly(EntryPoint = "troupe_openssl_random_bytes")]
    internal static int GetRandomBytes(byte* destination, int count)
    {
        while (count > 0)
        {
            // May be cut short by a signal.
            nint filled = GetRandom(destination, (nuint)count, 0);
            if (filled < 0)
            {
                return 0;
            }

            destination += filled;
            count -= (int)filled;
        }

        return 1;
    }

    [DllImport(CLibrary, EntryPoint = "getrandom")]
    private static extern nint GetRandom(byte* destination, nuint count, uint flags);
}
