using System.Net.Security;
using System.Security.Cryptography;

namespace Troupe.Apps.SelfTest;

/// <summary>
/// Random numbers come from the kernel's generator in every image. The rest of the framework's cryptography is OpenSSL's, and an image has
/// none unless its project says TroupeOpenSsl: what needs it must say so, by an exception that a program can catch, and not end the guest.
/// </summary>
internal static class Cryptography
{
    /// <summary>An image without OpenSSL.</summary>
    internal static bool Run() => Randomness() & Refuses("SHA256", () => SHA256.HashData("abc"u8)) & Refuses("TLS", Handshake);

    /// <summary>An image built with TroupeOpenSsl.</summary>
    internal static bool RunWithOpenSsl()
    {
        // FIPS 180-4's example.
        string digest = Convert.ToHexString(SHA256.HashData("abc"u8));
        return Randomness() & Told("SHA256", digest == "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", digest);
    }

    /// <summary>The public generator: every length, no repetition, all bits used.</summary>
    internal static bool Randomness()
    {
        byte[] first = RandomNumberGenerator.GetBytes(1000), second = RandomNumberGenerator.GetBytes(1000);
        int bits = first.Sum(value => System.Numerics.BitOperations.PopCount(value));
        bool holds = !first.SequenceEqual(second) && bits is > 3600 and < 4400 && RandomNumberGenerator.GetBytes(0).Length == 0
            && Enumerable.Range(0, 100).Select(_ => RandomNumberGenerator.GetInt32(1000)).Distinct().Count() > 50
            && RandomNumberGenerator.GetHexString(32).Length == 32;
        return Told("RandomNumberGenerator", holds, $"{bits} bits of 8000 are set");
    }

    private static void Handshake() =>
        new SslStream(new MemoryStream()).AuthenticateAsClient("example.org");

    private static bool Refuses(string what, Action needsOpenSsl)
    {
        try
        {
            needsOpenSsl();
            return Told(what, holds: false, "it works: then this test is out of date");
        }
        catch (Exception exception)
        {
            string whole = exception.ToString();
            return Told(what, whole.Contains("this image has no OpenSSL", StringComparison.Ordinal), whole.ReplaceLineEndings(" "));
        }
    }

    private static bool Told(string what, bool holds, string detail)
    {
        Console.WriteLine($"{(holds ? "ok  " : "FAIL")} {what}: {detail}");
        return holds;
    }
}
