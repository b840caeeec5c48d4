namespace Troupe.Verification.Fuzzing;

/// <summary>Makes an input smaller while it still does something: leaves out octets, more at first, and then sets those that are left to zero.</summary>
internal static class Shrinking
{
    private const int MostAttempts = 20_000;

    /// <summary>The smallest that was found.</summary>
    public static byte[] Shrink(byte[] input, Func<byte[], bool> stillDoesIt)
    {
        int attempts = 0;
        bool shrunk = true;
        while (shrunk && attempts < MostAttempts)
        {
            shrunk = false;
            for (int count = Math.Max(1, input.Length / 2); count > 0; count /= 2)
            {
                for (int at = 0; at + count <= input.Length && attempts < MostAttempts; attempts++)
                {
                    byte[] shorter = [.. input[..at], .. input[(at + count)..]];
                    if (stillDoesIt(shorter))
                        (input, shrunk) = (shorter, true);
                    else
                        at += count;
                }
            }
        }

        for (int at = 0; at < input.Length && attempts < MostAttempts; at++, attempts++)
        {
            byte[] simpler = [.. input];
            simpler[at] = 0;
            if (input[at] != 0 && stillDoesIt(simpler))
                input = simpler;
        }

        return input;
    }
}
