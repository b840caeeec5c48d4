namespace Troupe.Core.Machine;

/// <summary>The PC's real-time clock (Motorola MC146818), read once at boot for the wall-clock time; taken as UTC.</summary>
public static unsafe class RealTimeClock<TPorts>
    where TPorts : struct, IPorts
{
    private const ushort IndexPort = 0x70;
    private const ushort DataPort = 0x71;
    private const byte SecondsRegister = 0x00;
    private const byte MinutesRegister = 0x02;
    private const byte HoursRegister = 0x04;
    private const byte DayRegister = 0x07;
    private const byte MonthRegister = 0x08;
    private const byte YearRegister = 0x09;
    private const byte StatusA = 0x0A;
    private const byte StatusB = 0x0B;
    private const byte UpdateInProgress = 0x80;
    private const byte BinaryFormat = 0x04;
    private const byte TwentyFourHours = 0x02;
    private const byte Afternoon = 0x80;

    // An update takes 2 ms at most; an access about 1 us on hardware and not much less anywhere.
    private const int UpdatePolls = 10_000;
    private const int Attempts = 4;

    /// <summary>Reads the clock.</summary>
    /// <param name="centuryRegister">Where the century is kept (<see cref="MachineDescription.CenturyRegister"/>), or 0.</param>
    /// <param name="unixSeconds">Seconds since 1970.</param>
    /// <returns>False when there is no clock, or it shows no date.</returns>
    public static bool Read(byte centuryRegister, long* unixSeconds)
    {
        for (int i = 0; i < Attempts; i++)
        {
            if (!WaitForUpdate())
                return false;
            ulong date = ReadDate(centuryRegister);
            // An update between the registers shows as a different second reading.
            if (!IsUpdating() && ReadDate(centuryRegister) == date)
                return Convert(date, ReadRegister(StatusB), centuryRegister != 0, unixSeconds);
        }

        return false;
    }

    private static bool WaitForUpdate()
    {
        for (int i = 0; i < UpdatePolls; i++)
        {
            if (!IsUpdating())
                return true;
        }

        return false; // no clock at all reads as all ones
    }

    private static bool IsUpdating() => (ReadRegister(StatusA) & UpdateInProgress) != 0;

    /// <summary>All registers in one number: second in the lowest byte, then minute, hour, day, month, year, century.</summary>
    private static ulong ReadDate(byte centuryRegister) =>
        ReadRegister(SecondsRegister)
        | ((ulong)ReadRegister(MinutesRegister) << 8)
        | ((ulong)ReadRegister(HoursRegister) << 16)
        | ((ulong)ReadRegister(DayRegister) << 24)
        | ((ulong)ReadRegister(MonthRegister) << 32)
        | ((ulong)ReadRegister(YearRegister) << 40)
        | (centuryRegister != 0 ? (ulong)ReadRegister(centuryRegister) << 48 : 0);

    private static bool Convert(ulong date, byte status, bool hasCentury, long* unixSeconds)
    {
        bool isBinary = (status & BinaryFormat) != 0;
        int second = Decode((byte)date, isBinary);
        int minute = Decode((byte)(date >> 8), isBinary);
        byte rawHour = (byte)(date >> 16);
        int day = Decode((byte)(date >> 24), isBinary);
        int month = Decode((byte)(date >> 32), isBinary);
        int year = Decode((byte)(date >> 40), isBinary);
        int century = Decode((byte)(date >> 48), isBinary);

        int hour;
        if ((status & TwentyFourHours) != 0)
        {
            hour = Decode(rawHour, isBinary);
        }
        else
        {
            hour = Decode((byte)(rawHour & ~Afternoon), isBinary);
            if (hour is < 1 or > 12)
                return false;
            hour = (hour % 12) + ((rawHour & Afternoon) != 0 ? 12 : 0);
        }

        if (second is < 0 or > 60 || minute is < 0 or > 59 || hour is < 0 or > 23 || day is < 1 or > 31
            || month is < 1 or > 12 || year is < 0 or > 99)
            return false;
        year += hasCentury && century is >= 19 and <= 29 ? century * 100 : (year < 70 ? 2000 : 1900);
        *unixSeconds = (DaysSince1970(year, month, day) * 86_400) + (hour * 3_600) + (minute * 60) + second;
        return true;
    }

    /// <summary>The value of a register, or -1 when it is no decimal digits.</summary>
    private static int Decode(byte value, bool isBinary)
    {
        if (isBinary)
            return value;
        int low = value & 0xF, high = value >> 4;
        return low <= 9 && high <= 9 ? (high * 10) + low : -1;
    }

    /// <summary>Gregorian date to days, with years that begin in March so that the leap day comes last.</summary>
    private static long DaysSince1970(int year, int month, int day)
    {
        int marchYear = month <= 2 ? year - 1 : year;
        int marchMonth = (month + 9) % 12;
        long dayOfYear = (((153 * marchMonth) + 2) / 5) + day - 1;
        const long DaysFromMarchOfYear0 = 719_468; // to 1970-01-01
        return (365L * marchYear) + (marchYear / 4) - (marchYear / 100) + (marchYear / 400) + dayOfYear - DaysFromMarchOfYear0;
    }

    private static byte ReadRegister(byte index)
    {
        TPorts.Out8(IndexPort, index); // bit 7 clear: NMI stays enabled
        return TPorts.In8(DataPort);
    }
}
