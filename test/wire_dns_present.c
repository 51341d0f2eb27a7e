/* SPDX-License-Identifier: ISC */
/* Every type of record as BIND 9.18's dig shows it: on one line, and in several where that differs; and what is cut or
 * made longer is shown as an unknown type's, never read past its end. */
#include <stdlib.h>

#include "tap.h"
#include "wire/dns_present.h"

static const struct { uint16_t type; const char *hex, *line, *lines; } known[] = {
	{ 1, "0a010019",
	  "10.1.0.25",
	  NULL },
	{ 2, "036e7331076578616d706c6503636f6d00",
	  "ns1.example.com.",
	  NULL },
	{ 5, "03777777076578616d706c65036e657400",
	  "www.example.net.",
	  NULL },
	{ 6, "036e7331076578616d706c6503636f6d000a686f73746d6173746572076578616d706c6503636f6d0078c404c800000e"
	  "1000000258000151800000003c",
	  "ns1.example.com. hostmaster.example.com. 2026112200 3600 600 86400 60",
	  "ns1.example.com. hostmaster.example.com. (\n\t\t\t\t2026112200 ; serial\n"
	  "\t\t\t\t3600       ; refresh (1 hour)\n\t\t\t\t600        ; retry (10 minutes)\n"
	  "\t\t\t\t86400      ; expire (1 day)\n\t\t\t\t60         ; minimum (1 minute)\n"
	  "\t\t\t\t)" },
	{ 7, "086d61696c686f7374076578616d706c6503636f6d00",
	  "mailhost.example.com.",
	  NULL },
	{ 8, "066d656d626572076578616d706c6503636f6d00",
	  "member.example.com.",
	  NULL },
	{ 9, "036e6577076578616d706c6503636f6d00",
	  "new.example.com.",
	  NULL },
	{ 11, "0a0000010600000140000004",
	  "10.0.0.1 6 23 25 53",
	  NULL },
	{ 13, "0f50432d496e74656c2d3730306d687a1252656468617420224c696e75782220372e31",
	  "\"PC-Intel-700mhz\" \"Redhat \\\"Linux\\\" 7.1\"",
	  NULL },
	{ 14, "05726d61696c076578616d706c6503636f6d0005656d61696c076578616d706c6503636f6d00",
	  "rmail.example.com. email.example.com.",
	  NULL },
	{ 15, "000a046d61696c076578616d706c6503636f6d00",
	  "10 mail.example.com.",
	  NULL },
	{ 16, "0b763d73706631202d616c6c0b74776f20737472696e6773",
	  "\"v=spf1 -all\" \"two strings\"",
	  NULL },
	{ 17, "0561646d696e076578616d706c6503636f6d0004696e666f076578616d706c6503636f6d00",
	  "admin.example.com. info.example.com.",
	  NULL },
	{ 18, "000103616673076578616d706c6503636f6d00",
	  "1 afs.example.com.",
	  NULL },
	{ 19, "0c333131303631373030393536",
	  "\"311061700956\"",
	  NULL },
	{ 20, "0f31353038363230323830303332313703303034",
	  "\"150862028003217\" \"004\"",
	  NULL },
	{ 21, "000a027274076578616d706c6503636f6d00",
	  "10 rt.example.com.",
	  NULL },
	{ 22, "47000580005a0000000001e133ffffff00016100",
	  "0x47000580005a0000000001e133ffffff00016100",
	  NULL },
	{ 23, "03666f6f076578616d706c6503636f6d00",
	  "foo.example.com.",
	  NULL },
	{ 25, "0200030d99db2cc14cabdc33d6d77da63a2f15f71112584f234e8d1dc428e39e8a4a97e1aa271a555dc90701e17e2a4c"
	  "4b6f120b7c32d44f4ac02bd894cf2d4be7778a19",
	  "512 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ="
	  "=",
	  "512 3 13 (\n\t\t\t\tmdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+Gq\n"
	  "\t\t\t\tJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==\n\t\t\t\t); alg = ECDSAP256SHA256 ; key id "
	  "= 2626" },
	{ 26, "000a066d6170383232076578616d706c6503636f6d00076d617078343030076578616d706c6503636f6d00",
	  "10 map822.example.com. mapx400.example.com.",
	  NULL },
	{ 27, "082d33322e36383832083131362e383635320431302e30",
	  "\"-32.6882\" \"116.8652\" \"10.0\"",
	  NULL },
	{ 28, "20010db8000000000000000000000001",
	  "2001:db8::1",
	  NULL },
	{ 29, "000016138b3cf018810cbce0009895b8",
	  "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m",
	  NULL },
	{ 33, "0001000213c403777777076578616d706c6503636f6d00",
	  "1 2 5060 www.example.com.",
	  NULL },
	{ 35, "0064000a0175074532552b7369701b215e2e2a24217369703a696e666f406578616d706c652e636f6d2100",
	  "100 10 \"u\" \"E2U+sip\" \"!^.*$!sip:info@example.com!\" .",
	  NULL },
	{ 35, "006400140173075349502b44325500045f736970045f756470076578616d706c6503636f6d00",
	  "100 20 \"s\" \"SIP+D2U\" \"\" _sip._udp.example.com.",
	  NULL },
	{ 36, "000a026b78076578616d706c6503636f6d00",
	  "10 kx.example.com.",
	  NULL },
	{ 37, "0001ffff08010305090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30"
	  "3132333435363738393a3b",
	  "PKIX 65535 RSASHA256 AQMFCQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7",
	  "PKIX 65535 RSASHA256 (\n\t\t\t\tAQMFCQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUm\n"
	  "\t\t\t\tJygpKissLS4vMDEyMzQ1Njc4OTo7 )" },
	{ 39, "076578616d706c65036e657400",
	  "example.net.",
	  NULL },
	{ 40, "080002010351537986",
	  "8 0 2 AQNRU3mG",
	  "8 0 2 (\n\t\t\t\tAQNRU3mG )" },
	{ 42, "00011503c0a82000011c83c0a82600020801ff",
	  "1:192.168.32.0/21 !1:192.168.38.0/28 2:ff00::/8",
	  NULL },
	{ 43, "30390d020123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	  "12345 13 2 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF",
	  "12345 13 2 (\n\t\t\t\t0123456789ABCDEF0123456789ABCDEF0123456789AB\n"
	  "\t\t\t\tCDEF0123456789ABCDEF )" },
	{ 44, "04020123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	  "4 2 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF",
	  "4 2 (\n\t\t\t\t0123456789ABCDEF0123456789ABCDEF0123456789AB\n"
	  "\t\t\t\tCDEF0123456789ABCDEF )" },
	{ 45, "0a0002010351537986ed35533b6064478eeeb27b5bd74dae149b6e81ba3a0521af82ab7801",
	  "10 0 2 . AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==",
	  "( 10 0 2 .\n\t\t\t\tAQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4\n"
	  "\t\t\t\tAQ== )" },
	{ 45, "0a0102c0000226010351537986ed35533b6064478eeeb27b5bd74dae149b6e81ba3a0521af82ab7801",
	  "10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==",
	  "( 10 1 2 192.0.2.38\n\t\t\t\tAQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4\n"
	  "\t\t\t\tAQ== )" },
	{ 45, "0a020220010db8000000000000000000000002010351537986ed35533b6064478eeeb27b5bd74dae149b6e81ba3a0521"
	  "af82ab7801",
	  "10 2 2 2001:db8::2 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==",
	  "( 10 2 2 2001:db8::2\n\t\t\t\tAQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4\n"
	  "\t\t\t\tAQ== )" },
	{ 45, "0a0302096d7967617465776179076578616d706c6503636f6d00010351537986ed35533b6064478eeeb27b5bd74dae14"
	  "9b6e81ba3a0521af82ab7801",
	  "10 3 2 mygateway.example.com. AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==",
	  "( 10 3 2 mygateway.example.com.\n\t\t\t\tAQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4\n"
	  "\t\t\t\tAQ== )" },
	{ 46, "00060d0200000e106b2b3dd16b03b0d1daca076578616d706c6503636f6d005f4c951252f272fd91088dd1f5ded8c4bb"
	  "8c2a44d26cfb4ce3ee00906a3a7d4425ef0c0824cdc9ea36dbee9bd30f1834c90e96d89341214ac0292874075d803d",
	  "SOA 13 2 3600 20261223031945 20261123031945 56010 example.com. X0yVElLycv2RCI3R9d7YxLuMKkTSbPtM4"
	  "+4AkGo6fUQl7wwIJM3J6jbb7pvTDxg0yQ6W2JNBIUrAKSh0B12APQ==",
	  "SOA 13 2 3600 (\n\t\t\t\t20261223031945 20261123031945 56010 example.com.\n"
	  "\t\t\t\tX0yVElLycv2RCI3R9d7YxLuMKkTSbPtM4+4AkGo6fUQl\n\t\t\t\t7wwIJM3J6jbb7pvTDxg0yQ6W2JNBIUrAKS"
	  "h0B12APQ== )" },
	{ 48, "0100030d5ec614db3f34b8e57edf0c257c5ebe1ad858cbd9ad93ab2f2b39efe77fc64d11da3ed16a742ea874b94429e5"
	  "edf2af5e30e0d73a5e113974b5f96228f3b5cc54",
	  "256 3 13 XsYU2z80uOV+3wwlfF6+GthYy9mtk6svKznv53/GTRHaPtFqdC6odLlEKeXt8q9eMODXOl4ROXS1+WIo87XMVA="
	  "=",
	  "256 3 13 (\n\t\t\t\tXsYU2z80uOV+3wwlfF6+GthYy9mtk6svKznv53/GTRHa\n"
	  "\t\t\t\tPtFqdC6odLlEKeXt8q9eMODXOl4ROXS1+WIo87XMVA==\n\t\t\t\t) ; ZSK; alg = ECDSAP256SHA256 ; k"
	  "ey id = 56010" },
	{ 49, "000201636fc0b8271c82825bb1ac5c41cf5351aa69b4febd94e8f17cdb95000da48c40",
	  "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
	  "( AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2k\n\t\t\t\tjEA= ) ; 2 1 32" },
	{ 50, "0100000502aabb14074f1f92d358901fd38e79e6691fb5e9298d7dbc000e0000000000020000000000000040",
	  "1 0 5 AABB 0T7HV4MJB281VKSEF7J6I7TLT4KOQVDS RRSIG L32",
	  "1 0 5 AABB (\n\t\t\t\t0T7HV4MJB281VKSEF7J6I7TLT4KOQVDS\n\t\t\t\tRRSIG L32 )" },
	{ 51, "0100000502aabb",
	  "1 0 5 AABB",
	  NULL },
	{ 52, "0301010123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	  "3 1 1 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF",
	  "3 1 1 (\n\t\t\t\t0123456789ABCDEF0123456789ABCDEF0123456789AB\n"
	  "\t\t\t\tCDEF0123456789ABCDEF )" },
	{ 53, "0300000123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
	  "abcdef0123456789abcdef0123456789abcdef",
	  "3 0 0 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789"
	  "ABCDEF0123456789ABCDEF0123456789ABCDEF",
	  "3 0 0 (\n\t\t\t\t0123456789ABCDEF0123456789ABCDEF0123456789AB\n"
	  "\t\t\t\tCDEF0123456789ABCDEF0123456789ABCDEF01234567\n\t\t\t\t89ABCDEF0123456789ABCDEF0123456789"
	  "ABCDEF )" },
	{ 55, "10020084200100107b1a74df365639cc39f1d57803010001b771ca136e4aeb5ce44333c53b3d2c13c22243851fc708bc"
	  "ce29f7e2eb5787b5f56ccad34f8223acc10904ddb56b2ec4a6d6232f3b50ea094f0914b3b941bbe529af582c36bbadef"
	  "daf2adaf9b4911906f5b2522603c615272b880ec8fb930cc6ee39c444daa75b1678f005a4b2499d1da5433f805c7a5ad"
	  "3237acc5dd5c5e430472767331076578616d706c6503636f6d000472767332076578616d706c6503636f6d00",
	  "2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cIvM4p9+LrV4e19WzK00+CI6zBC"
	  "QTdtWsuxKbWIy87UOoJTwkUs7lBu+Upr1gsNrut79ryra+bSRGQb1slImA8YVJyuIDsj7kwzG7jnERNqnWxZ48AWkskmdHaV"
	  "DP4BcelrTI3rMXdXF5D rvs1.example.com. rvs2.example.com.",
	  "( 2 200100107B1A74DF365639CC39F1D578\n\t\t\t\tAwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cIvM4p9+LrV4e19W"
	  "zK00+CI6zBCQTdtWsuxKbWIy87UOoJTwkUs7lBu+Upr1gsNrut79ryra+bSRGQb1slImA8YVJyuIDsj7kwzG7jnERNqnWxZ4"
	  "8AWkskmdHaVDP4BcelrTI3rMXdXF5D\n\t\t\t\trvs1.example.com.\n\t\t\t\trvs2.example.com. )" },
	{ 56, "07666f6f20626172",
	  "\"foo bar\"",
	  NULL },
	{ 57, "00000305010351537986ed35533b6064478eeeb27b5bd74dae149b6e81ba3a0521af82ab7801",
	  "0 3 5 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==",
	  "0 3 5 (\n\t\t\t\tAQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4\n"
	  "\t\t\t\tAQ==\n\t\t\t\t); alg = RSASHA1 ; key id = 6721" },
	{ 58, "026830076578616d706c6503636f6d00026832076578616d706c6503636f6d00",
	  "h0.example.com. h2.example.com.",
	  NULL },
	{ 61, "010305090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435"
	  "363738393a3b3c3d3e3f4041424344454647",
	  "AQMFCQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0BBQkNERUZH",
	  "( AQMFCQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUm\n\t\t\t\tJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0BBQkNE"
	  "RUZH )" },
	{ 62, "000000420003000460000008",
	  "66 3 A NS AAAA",
	  NULL },
	{ 63, "7848b91c0101616c6c6f77656420626c6f636b656420616c6c6f77656420626c6f636b656420616c6c6f77656420626c"
	  "6f636b656420",
	  "2018031900 1 1 616C6C6F77656420626C6F636B656420616C6C6F77656420626C6F636B656420616C6C6F776564206"
	  "26C6F636B656420",
	  "2018031900 1 1 (\n\t\t\t\t616C6C6F77656420626C6F636B656420616C6C6F7765\n"
	  "\t\t\t\t6420626C6F636B656420616C6C6F77656420626C6F63\n\t\t\t\t6B656420 )" },
	{ 64, "00030000010003026832000200000005004a0048fe0d004401002000201d77eb1c522d08605b179d4214ee4a3635df7e"
	  "17c336ea9006655a73fcaad63e00040001000164156563682d73697465732e6578616d706c652e6e65740000",
	  "3 . alpn=\"h2\" no-default-alpn ech=AEj+DQBEAQAgACAdd+scUi0IYFsXnUIU7ko2Nd9+F8M26pAGZVpz/KrWPgAE"
	  "AAEAAWQVZWNoLXNpdGVzLmV4YW1wbGUubmV0AAA=",
	  NULL },
	{ 64, "000103777777076578616d706c6503636f6d0000000004000100030001000403646f74000300020355000700102f646e"
	  "732d71756572797b3f646e737d",
	  "1 www.example.com. mandatory=alpn,port alpn=\"dot\" port=853 key7=\"/dns-query{?dns}\"",
	  NULL },
	{ 65, "000100000100060268320268330003000220fb000400080a0000010a0000020006001020010db8000000000000000000"
	  "000001ff35000568656c6c6f",
	  "1 . alpn=\"h2,h3\" port=8443 ipv4hint=10.0.0.1,10.0.0.2 ipv6hint=2001:db8::1 key65333=\"hello\"",
	  NULL },
	{ 65, "000003777777076578616d706c6503636f6d00",
	  "0 www.example.com.",
	  NULL },
	{ 99, "0b763d73706631202d616c6c",
	  "\"v=spf1 -all\"",
	  NULL },
	{ 104, "000a00144fffff20ee64",
	  "10 14:4fff:ff20:ee64",
	  NULL },
	{ 105, "000a0a010200",
	  "10 10.1.2.0",
	  NULL },
	{ 106, "000a20010db811401000",
	  "10 2001:db8:1140:1000",
	  NULL },
	{ 107, "000a0b6c36342d7375626e657431076578616d706c6503636f6d00",
	  "10 l64-subnet1.example.com.",
	  NULL },
	{ 108, "00005e00532a",
	  "00-00-5e-00-53-2a",
	  NULL },
	{ 109, "00005eef1000002a",
	  "00-00-5e-ef-10-00-00-2a",
	  NULL },
	{ 256, "000a00016674703a2f2f667470312e6578616d706c652e636f6d2f7075626c6963",
	  "10 1 \"ftp://ftp1.example.com/public\"",
	  NULL },
	{ 257, "0005697373756563612e6578616d706c652e6e65743b20706f6c6963793d6576",
	  "0 issue \"ca.example.net; policy=ev\"",
	  NULL },
	{ 258, "1f6170702d6e616d653a574f4c4647414e477c6170702d636c6173733a4f414d",
	  "\"app-name:WOLFGANG|app-class:OAM\"",
	  NULL },
	{ 260, "0a01cb00710f",
	  "10 0 1 203.0.113.15",
	  NULL },
	{ 260, "0a8309616d7472656c617973076578616d706c6503636f6d00",
	  "10 1 3 amtrelays.example.com.",
	  NULL },
	{ 260, "0a00",
	  "10 0 0 .",
	  NULL },
	{ 32768, "30390d020123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	  "12345 13 2 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF",
	  "12345 13 2 (\n\t\t\t\t0123456789ABCDEF0123456789ABCDEF0123456789AB\n"
	  "\t\t\t\tCDEF0123456789ABCDEF )" },
	{ 32769, "30390d020123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	  "12345 13 2 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF",
	  "12345 13 2 (\n\t\t\t\t0123456789ABCDEF0123456789ABCDEF0123456789AB\n"
	  "\t\t\t\tCDEF0123456789ABCDEF )" },
	{ 65280, "0a000001",
	  "\\# 4 0A000001",
	  "\\# 4 ( 0A000001 )" },
	{ 65281, "",
	  "\\# 0",
	  NULL },
};

static const struct dns_style one_line, several = { .multiline = true, .comments = true, .split = DNS_SPLIT_LINES };
static char shown[20000];

static unsigned digit(char c) { return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10); }

static size_t unhex(const char *hex, uint8_t *to)
{
	size_t n = 0;
	for (; hex[2 * n] != '\0'; n++) to[n] = (uint8_t)(digit(hex[2 * n]) << 4 | digit(hex[2 * n + 1]));
	return n;
}

static const char *show(uint16_t type, struct bytes rdata, const struct dns_style *style)
{
	const struct dns_rr rr = { .type = type, .class = DNS_IN, .rdata = rdata };
	struct text t = text_in(shown, sizeof shown);

	dns_present_rdata(&rr, style, &t);
	return shown;
}

static void as_bind_shows_them(void)
{
	uint8_t rdata[600];

	for (size_t i = 0; i < COUNT(known); i++) {
		struct bytes b = { rdata, unhex(known[i].hex, rdata) };
		CHECK_STR(show(known[i].type, b, &one_line), known[i].line);
		CHECK_STR(show(known[i].type, b, &several), known[i].lines != NULL ? known[i].lines : known[i].line);
	}
}

/* Each prefix stands at the end of a block of its own, so that a sanitizer sees what reads on. */
static void cut_anywhere(void)
{
	uint8_t rdata[600];

	for (size_t i = 0; i < COUNT(known); i++) {
		size_t len = unhex(known[i].hex, rdata);
		for (size_t n = 0; n < len; n++) {
			uint8_t *block = malloc(n + 1);
			memcpy(block + 1, rdata, n);
			const char *words = show(known[i].type, (struct bytes){ block + 1, n }, &one_line);
			CHECK(words[0] != '\0' || n == 0);
			CHECK(strcmp(words, known[i].line) != 0);
			if (n == 0 && words[0] != '\0') CHECK_STR(words, "\\# 0");
			free(block);
		}
	}
}

/* A byte more is part of the data where that goes on to the end; everywhere else the type is not what it says. */
static void a_byte_too_many(void)
{
	static const char *const fixed[] = { "A", "AAAA", "NS", "MX", "SOA", "SRV", "LOC", "L64", "EUI48", "HINFO", "NAPTR", "NSEC3PARAM", "RP" };
	uint8_t rdata[600];
	char word[16];

	for (size_t i = 0; i < COUNT(known); i++) {
		size_t len = unhex(known[i].hex, rdata);
		rdata[len] = 0;
		const char *words = show(known[i].type, (struct bytes){ rdata, len + 1 }, &one_line);
		for (size_t k = 0; k < COUNT(fixed); k++)
			if (strcmp(dns_type_text(known[i].type, word), fixed[k]) == 0) CHECK(strncmp(words, "\\# ", 3) == 0);
	}
}

static void styles(void)
{
	static const uint8_t six[] = { 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
	const struct dns_rr rr = { .name = { 7, "\5short" }, .type = DNS_AAAA, .class = DNS_IN, .ttl = 788645, .rdata = { six, 16 } };
	static const struct { struct dns_style style; const char *line; } ways[] = {
		{ { .split = 8 }, "short.\t\t\t788645\tIN\tAAAA\t2001:db8::1" },
		{ { .ttl_units = true }, "short.\t\t\t1w2d3h4m5s IN\tAAAA\t2001:db8::1" },
		{ { .no_ttl = true }, "short.\t\t\tIN\tAAAA\t2001:db8::1" },
		{ { .no_class = true }, "short.\t\t\t788645\tAAAA\t2001:db8::1" },
		{ { .no_ttl = true, .no_class = true }, "short.\t\t\tAAAA\t2001:db8::1" },
		{ { .expand_aaaa = true }, "short.\t\t\t788645\tIN\tAAAA\t2001:0db8:0000:0000:0000:0000:0000:0001" },
		{ { .unknown = true, .split = 8 }, "short.\t\t\t788645\tCLASS1\tTYPE28\t\\# 16 20010DB8 00000000 00000000 00000001" },
		{ { .unknown = true, .multiline = true, .split = 16 },
		  "short.\t\t\t788645 CLASS1 TYPE28 \\# 16 ( 20010DB800000000\n\t\t\t\t0000000000000001 )" },
	};
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct text t = text_in(shown, sizeof shown);
		dns_present_rr(&rr, &ways[i].style, &t);
		CHECK_STR(shown, ways[i].line);
	}
}

/* Names within: compressed where that may be, and nowhere else (RFC 3597, 4). */
static void compressed_names(void)
{
	static const uint8_t m[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'a', 0, /* 15: */ 0, 10, 0xc0, 12, /* 19: */ 0xc0, 12 };
	struct dns_rr rr = { .type = DNS_MX, .class = DNS_IN, .rdata = { m + 15, 4 }, .message = { m, sizeof m } };
	static const struct dns_style unknown = { .unknown = true };
	struct text t = text_in(shown, sizeof shown);

	dns_present_rdata(&rr, &one_line, &t);
	CHECK_STR(shown, "10 a.");
	text_clear(&t);
	dns_present_rdata(&rr, &unknown, &t);
	CHECK_STR(shown, "\\# 5 000A016100");
	rr.type = 39, rr.rdata = (struct bytes){ m + 19, 2 }; /* DNAME */
	text_clear(&t);
	dns_present_rdata(&rr, &one_line, &t);
	CHECK_STR(shown, "\\# 2 C00C");
	rr.type = DNS_MX, rr.class = DNS_CLASS_ANY, rr.rdata = (struct bytes){ m + 15, 4 };
	text_clear(&t);
	dns_present_rdata(&rr, &one_line, &t);
	CHECK_STR(shown, "\\# 4 000AC00C");
	rr.type = DNS_MX, rr.class = DNS_IN, rr.message.len = 0, rr.rdata = (struct bytes){ m + 15, 4 }; /* alone there is nothing to point to */
	text_clear(&t);
	dns_present_rdata(&rr, &one_line, &t);
	CHECK_STR(shown, "\\# 4 000AC00C");
}

static void words_for_numbers(void)
{
	char word[16];
	uint16_t number;
	struct text t = text_in(shown, sizeof shown);

	CHECK(dns_type_parse("nsec3param", &number) && number == 51 && dns_type_parse("DLV", &number) && number == 32769);
	CHECK(dns_class_parse("ch", &number) && number == 3 && dns_class_parse("CLASS7", &number) && number == 7 && dns_class_parse("hesiod", &number));
	CHECK(!dns_class_parse("CLASS", &number) && !dns_class_parse("CLASS65536", &number) && !dns_class_parse("", &number));
	CHECK_STR(dns_class_text(9, word), "CLASS9");
	CHECK_STR(dns_algorithm_text(15, word), "ED25519");
	CHECK_STR(dns_algorithm_text(99, word), "99");
	dns_present_ttl(0, true, &t);
	dns_present_ttl(90061, true, &t);
	dns_present_ttl(0, false, &t);
	CHECK_STR(shown, "0 seconds1 day 1 hour 1 minute 1 second0s");
}

int main(void)
{
	TEST(as_bind_shows_them);
	TEST(cut_anywhere);
	TEST(a_byte_too_many);
	TEST(styles);
	TEST(compressed_names);
	TEST(words_for_numbers);
	return tap_end();
}
